#include "sampling/dump/manifest.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "core/errors.h"
#include "core/seeds.h"
#include "io/atomic_file.h"
#include "io/json_text.h"
#include "io/read_file.h"
#include "sampling/labels.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

template <class T>
Json json_of(const T& value) {
  return value;
}
Json json_of(const NamedValue& value) {
  return value.name();
}
template <class T>
bool read_json(const Json& json, T& value) {
  json.get_to(value);
  return true;
}
bool read_json(const Json& json, NamedValue& value) {
  return value.set(json.get<std::string>());
}

Json settings_json(const DumpManifest& manifest) {
  Json sample = Json::object();
  for (const FieldView& field : fields_of(manifest.making.sample)) {
    std::visit([&](const auto* value) { sample[field.key] = json_of(*value); }, field.value);
  }
  Json json = {{"version", manifest.version},
               {"checkpoint", manifest.making.checkpoint.string()},
               {"weights", manifest.making.weights},
               {"weights_sha256", manifest.making.weights_sha256},
               {"weights_crc32", hex(manifest.making.weights_crc)},
               {"overrides", manifest.making.overrides},
               {"sample", sample},
               {"labels", manifest.making.labels},
               {"classes", manifest.classes},
               {"image", manifest.image},
               {"prompts_sha256", manifest.making.prompts.sha256()},
               {"negative_prompt", manifest.making.prompts.negative},
               {"threads", manifest.making.threads},
               {"device", manifest.making.device}};
  if (!manifest.making.inputs.empty()) json["inputs"] = manifest.making.inputs;
  return json;
}

void read_sample(const Json& json, SampleOptions& options) {
  for (const Field& field : fields_of(options)) {
    if (!json.contains(field.key)) continue;  // an option younger than the manifest
    const Json& given = json.at(field.key);
    const bool known = std::visit([&](auto* value) { return read_json(given, *value); }, field.target);
    const std::string problem = known ? problem_with(field) : "unknown value " + given.dump();
    check_usage(problem.empty(), "sample.", field.key, ": ", problem);
  }
}

void check_seeds(const std::vector<int64_t>& seeds, const std::string& name) {
  const bool ascending =
      std::adjacent_find(seeds.begin(), seeds.end(), std::greater_equal<>()) == seeds.end();
  check_usage(!seeds.empty() && ascending, name, ": seeds: must be ascending, none twice");
}

}  // namespace

std::string to_json(const DumpManifest& manifest) {
  Json json = settings_json(manifest);
  json["evaluations"] = manifest.making.evaluations;  // follows from the settings
  json["format"] = format_name(manifest.format);
  json["weights_file"] = manifest.making.weights_file.string();
  json["seeds"] = seeds_text(manifest.seeds);
  if (!manifest.making.prompts.empty()) json["prompts"] = manifest.making.prompts.texts;
  if (!manifest.shard_of.empty()) json["shard_of"] = seeds_text(manifest.shard_of);
  if (!manifest.not_finite.empty()) json["not_finite"] = seeds_text(manifest.not_finite);
  return json.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

DumpManifest manifest_from_json(const std::string& text, const std::string& name) {
  DumpManifest manifest;
  const Json json = parse_json(text, name);
  try {
    manifest.format = parse_format(json.at("format").get<std::string>(), {});
    json.at("version").get_to(manifest.version);
    RecordInputs& making = manifest.making;
    making.checkpoint = json.at("checkpoint").get<std::string>();
    json.at("weights").get_to(making.weights);
    making.weights_crc = uint32_t(std::stoul(json.at("weights_crc32").get<std::string>(), nullptr, 16));
    json.at("weights_sha256").get_to(making.weights_sha256);
    making.weights_file = json.value("weights_file", "");
    if (json.contains("inputs")) json.at("inputs").get_to(making.inputs);
    json.at("overrides").get_to(making.overrides);
    read_sample(json.at("sample"), making.sample);
    json.at("evaluations").get_to(making.evaluations);
    json.at("labels").get_to(making.labels);
    making.prompts = {json.value("prompts", std::vector<std::string>()), json.value("negative_prompt", "")};
    json.at("threads").get_to(making.threads);
    json.at("device").get_to(making.device);
    json.at("classes").get_to(manifest.classes);
    json.at("image").get_to(manifest.image);
    manifest.seeds = parse_seeds(json.at("seeds").get<std::string>());
    if (json.contains("shard_of")) manifest.shard_of = parse_seeds(json.at("shard_of").get<std::string>());
    if (json.contains("not_finite"))
      manifest.not_finite = parse_seeds(json.at("not_finite").get<std::string>());
  } catch (const UsageError& error) {
    usage_error(name, ": ", error.what());
  } catch (const std::exception& error) {  // nlohmann's name the key
    usage_error(name, ": not a manifest of uvic-fid dump: ", error.what());
  }
  check_seeds(manifest.seeds, name);
  return manifest;
}

std::optional<DumpManifest> find_manifest(const std::filesystem::path& out) {
  const DumpFormat like = std::filesystem::is_directory(out) ? DumpFormat::kPng : DumpFormat::kZip;
  const auto path = manifest_path(like, out);
  if (!std::filesystem::exists(path)) return std::nullopt;
  return manifest_from_json(read_text(path), path.string());
}

std::string not_finite_text(const DumpManifest& manifest) {
  const auto& seeds = manifest.not_finite;
  if (seeds.empty()) return "";
  return c10::str(seeds.size() == 1 ? "seed " : "seeds ", seeds_text(seeds),
                  seeds.size() == 1 ? " gives" : " give", " values that are not finite (NaN or infinity)");
}

void save_manifest(const std::filesystem::path& out, const DumpManifest& manifest) {
  write_file_atomically(manifest_path(manifest.format, out), to_json(manifest));
}

Differences compare(const DumpManifest& a, const DumpManifest& b) {
  std::set<std::string> machine{"checkpoint", "threads", "device"};
  for (const FieldView& field : fields_of(SampleOptions{})) {
    if (field.is(kLastBits)) machine.insert("sample." + field.key);
  }
  const Json left = settings_json(a).flatten(), right = settings_json(b).flatten();
  std::set<std::string> keys;
  for (const auto& [key, value] : left.items()) keys.insert(key);
  for (const auto& [key, value] : right.items()) keys.insert(key);
  Differences differences;
  for (const std::string& pointer : keys) {
    const auto text = [&](const Json& json) {
      return json.contains(pointer) ? json.at(pointer).dump() : "absent";
    };
    const bool unknown = !left.contains(pointer) || !right.contains(pointer);
    if (text(left) == text(right) || (unknown && pointer.starts_with("/inputs/"))) continue;
    std::string key = pointer.substr(1);
    std::replace(key.begin(), key.end(), '/', '.');
    auto& group = machine.contains(key) ? differences.machine : differences.settings;
    group.push_back({key, text(left), text(right)});
  }
  return differences;
}

DumpPlan::DumpPlan(DumpManifest of) : manifest(std::move(of)) {
  labels = choose_labels(manifest.making.labels, manifest.seeds, manifest.classes);
}

std::string DumpPlan::record(size_t index) const {
  RecordInputs inputs = manifest.making;
  inputs.seeds = std::to_string(manifest.seeds[index]);
  inputs.prompts = inputs.prompts.only(manifest.seeds[index]);
  inputs.labels = labels.empty() ? "" : label_text(labels[index], manifest.classes);
  return sample_record(inputs);
}

}  // namespace uvic
