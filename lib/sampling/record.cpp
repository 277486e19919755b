#include "sampling/record.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/device.h"
#include "core/errors.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

// ASCII, also where a text is no UTF-8.
std::string json_text(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

/// Removes the text from `begin` up to the next of `ends` (which stays).
void erase_between(std::string& text, const std::string& begin, const char* ends) {
  const size_t at = text.find(begin);
  if (at == std::string::npos) return;
  text.erase(at, std::min(text.find_first_of(ends, at + begin.size()), text.size()) - at);
}

// What stands behind an option of a command, empty if that is not there.
std::string value_of(const std::vector<std::string>& words, const std::string& option) {
  const auto found = std::find(words.begin(), words.end(), option);
  return found == words.end() || found + 1 == words.end() ? "" : *(found + 1);
}

}  // namespace

std::string comparable_record(const std::string& record) {
  Json json = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("command") || !json["command"].is_string()) return record;
  auto command = json["command"].get<std::string>();
  const size_t path = command.find(" --checkpoint "), weights = command.find(" --weights ");
  if (path < weights && weights != std::string::npos) command.erase(path, weights - path);
  for (const char* option : {" --set sample.batch_size=", " --threads ", " --device "})
    erase_between(command, option, " ");
  json["command"] = command;
  for (const char* key : {"weights_file", "weights_sha256", "libtorch", "cpu"}) json.erase(key);
  return json_text(json);
}

std::vector<std::string> prompts_in(const std::string& record) {
  const auto json = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("prompts")) return {};
  try {
    return json.at("prompts").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    return {};
  }
}

std::string shell_quote(const std::string& text) {
  constexpr auto kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string sample_record(const RecordInputs& inputs) {
  std::string command = c10::str("uvic-sample --checkpoint ", shell_quote(inputs.checkpoint.string()),
                                 " --weights ", inputs.weights);
  if (!inputs.seeds.empty()) command += " --seeds " + inputs.seeds;
  if (!inputs.labels.empty()) command += " --labels " + shell_quote(inputs.labels);
  command += inputs.prompts.options();
  for (const std::string& part : {inputs.layout, inputs.edits}) {
    if (!part.empty()) command += " " + part;
  }
  for (const FieldView& field : fields_of(inputs.sample)) {
    command += " --set " + shell_quote("sample." + field.key + "=" + value_text(field));
  }
  for (const std::string& assignment : inputs.overrides) command += " --set " + shell_quote(assignment);
  command += c10::str(" --threads ", inputs.threads, " --device ", inputs.device);
  std::array<char, 16> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x", inputs.weights_crc);
  Json record = {{"command", command}};
  if (inputs.frame) record["frame"] = *inputs.frame;
  if (inputs.step) record["step"] = *inputs.step;
  if (!inputs.prompts.empty()) record["prompts"] = inputs.prompts.texts;
  record["evaluations"] = inputs.evaluations;
  if (inputs.tensors_sha256.empty()) record["weights_crc32"] = crc.data();
  for (const auto& [key, value] : {std::pair("weights_sha256", inputs.weights_sha256),
                                   std::pair("tensors_sha256", inputs.tensors_sha256),
                                   std::pair("weights_file", inputs.weights_file.string())}) {
    if (!value.empty()) record[key] = value;
  }
  if (!inputs.inputs.empty()) record["inputs"] = inputs.inputs;
  record["version"] = version_number();
  record["libtorch"] = libtorch_version();
  record["cpu"] = cpu_capability();
  return json_text(record);
}

RecordFacts read_record(const std::string& record, const std::string& name) {
  const Json json = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  const bool ours = json.is_object() && json.contains("command") && json["command"].is_string() &&
                    json["command"].get<std::string>().starts_with("uvic-sample ");
  check_usage(ours, name, ": its record `parameters` is not of uvic-sample's making");
  RecordFacts read{.command = json["command"]};
  try {
    if (json.contains("frame")) read.frame = json["frame"].get<int64_t>();
    if (json.contains("step")) read.step = json["step"].get<int64_t>();
    read.weights_file = json.value("weights_file", "");
    read.weights_sha256 = json.value("weights_sha256", "");
    read.tensors_sha256 = json.value("tensors_sha256", "");
    for (const char* key :
         {"weights_crc32", "weights_sha256", "tensors_sha256", "version", "libtorch", "cpu"}) {
      if (json.contains(key)) read.facts[key] = json[key].get<std::string>();
    }
    if (json.contains("inputs")) {
      for (const auto& [key, digest] : json["inputs"].items()) read.facts[key] = digest.get<std::string>();
    }
  } catch (const Json::exception& error) {
    usage_error(name, ": its record is damaged: ", error.what());
  }
  const auto words = shell_words(read.command, name);
  read.checkpoint = value_of(words, "--checkpoint");
  for (const char* option : {"--threads", "--device"}) {
    if (const std::string value = value_of(words, option); !value.empty())
      read.facts[std::string(option).substr(2)] = value;
  }
  return read;
}

std::vector<std::string> shell_words(const std::string& command, const std::string& name) {
  std::vector<std::string> words;
  bool within = false, quoted = false;
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (!quoted && c == ' ') {
      within = false;
      continue;
    }
    if (!within) words.emplace_back();
    within = true;
    if (c == '\'') {
      quoted = !quoted;
    } else if (!quoted && c == '\\') {
      check_usage(++i < command.size(), name, ": the command of its record breaks off");
      words.back() += command[i];
    } else {
      words.back() += c;
    }
  }
  check_usage(!quoted, name, ": the command of its record breaks off within quotes");
  return words;
}

}  // namespace uvic
