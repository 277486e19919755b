#include "train/checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/device.h"
#include "core/error_text.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/machine.h"
#include "io/atomic_file.h"
#include "io/digests.h"
#include "io/safetensors.h"
#include "nn/parameters.h"
#include "recipe/layout.h"
#include "train/diverged.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Metadata = std::map<std::string, std::string>;

std::vector<std::string> parameter_names(const TrainState& state) {
  return state.module->named_parameters().keys();
}

TensorMap with_names(const std::vector<std::string>& names, const std::vector<at::Tensor>& tensors,
                     const std::string& prefix = "") {
  TensorMap map;
  for (size_t i = 0; i < names.size(); ++i) {
    if (tensors[i].defined()) map[prefix + names[i]] = tensors[i].detach();
  }
  return map;
}

/// The files of a checkpoint: their names in it, and their tensors.
using Parts = std::vector<std::pair<std::string, TensorMap>>;

// On rank 0, which saves them; the others have the same, or help with their part.
Parts parts_to_save(const TrainState& state) {
  const AdamMoments moments = state.optimizer->moments();
  if (!state.world.first()) return {};
  const auto names = parameter_names(state);
  Parts parts = {{"model", with_names(names, state.module->parameters())}};
  for (size_t i = 0; i < state.ema->size(); ++i)
    parts.emplace_back(state.ema->name(i), with_names(names, state.ema->weights(i)));
  TensorMap training = with_names(names, moments.exp_avgs, "exp_avg.");
  training.merge(with_names(names, moments.exp_avg_sqs, "exp_avg_sq."));
  parts.emplace_back("training", std::move(training));
  return parts;
}

// The name of the first tensor that is not finite, or empty.
std::string first_not_finite(const TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors) {
    if (!at::isfinite(tensor).all().item<bool>()) return name;
  }
  return "";
}

std::string first_not_finite(const Parts& parts) {
  for (const auto& [part, tensors] : parts) {
    const std::string name = first_not_finite(tensors);
    if (!name.empty()) return name + " of " + part_of("", part).string();
  }
  return "";
}

void check_finite(const TrainState& state, const Parts& parts, const fs::path& run_directory) {
  const std::string bad = state.world.on_first([&] { return first_not_finite(parts); });
  if (!bad.empty()) refuse_not_finite(bad, state.step, run_directory);
}

// CRC-32 of the values of all tensors, in the order of their names.
uint32_t content_crc(const TensorMap& tensors) {
  uint32_t crc = 0;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = tensor.to(at::kCPU).contiguous();
    crc = crc32_of({static_cast<const char*>(values.const_data_ptr()), values.nbytes()}, crc);
  }
  return crc;
}

void check_part(const fs::path& file, std::optional<uint32_t> crc) {
  const TensorMap tensors = load_safetensors(file).tensors;
  const std::string bad = first_not_finite(tensors);
  check_usage(bad.empty(), file.string(), ": ", bad, " holds a NaN or an infinity");
  check_usage(!crc || content_crc(tensors) == *crc, file.string(),
              ": damaged: its values are not those that were saved");
}

// In the parameters' order and of their shapes; undefined of those that have none.
std::vector<at::Tensor> in_order(
    const TrainState& state, const TensorMap& source, const std::string& prefix, const fs::path& file,
    const std::function<bool(size_t)>& has_one = [](size_t) { return true; }) {
  std::vector<at::Tensor> tensors;
  for (const auto& parameter : state.module->named_parameters()) {
    if (!has_one(tensors.size())) {
      tensors.emplace_back();
      continue;
    }
    const auto found = source.find(prefix + parameter.key());
    check_usage(found != source.end() && found->second.sizes() == parameter.value().sizes(), file.string(),
                ": tensor ", prefix + parameter.key(), " is missing or misshapen");
    tensors.push_back(found->second);
  }
  return tensors;
}

Metadata weights_metadata(const TrainState& state) {
  Metadata metadata = state.weights_metadata;
  metadata.insert({{"uvic.config", state.config_yaml},
                   {"uvic.version", version_number()},
                   {"uvic.step", std::to_string(state.step)},
                   {"uvic." + state.unit, std::to_string(state.units())}});
  return metadata;
}

// What must be equal for a resume to be exact to the bit.
Metadata environment(const TrainState& state) {
  return {{"uvic.version", version_number()},
          {"uvic.threads", std::to_string(at::get_num_threads())},
          {"uvic.cpu_capability", cpu_capability()},
          {"uvic.device", c10::DeviceTypeName(state.device.type(), /*lower_case=*/true)},
          {"uvic.ranks", std::to_string(state.world.size())},
          {"uvic.precision", state.options.precision.name()}};
}

void remove_old(const fs::path& checkpoints, int64_t keep, int64_t keep_every) {
  if (keep == 0) return;
  std::vector<std::pair<int64_t, fs::path>> found;
  for (const auto& entry : fs::directory_iterator(checkpoints)) {
    const int64_t step = checkpoint_step(entry.path().filename().string());
    if (step >= 0 && (keep_every == 0 || step % keep_every != 0)) found.emplace_back(step, entry.path());
  }
  std::sort(found.begin(), found.end());
  while (int64_t(found.size()) > keep) {
    // Renamed first: a directory half removed must not look like a checkpoint.
    const fs::path doomed = found.front().second.string() + ".tmp-old";
    fs::rename(found.front().second, doomed);
    fs::remove_all(doomed);
    found.erase(found.begin());
  }
}

// What training.safetensors says of `key`.
std::optional<std::string> recorded(const fs::path& checkpoint, const std::string& key) {
  const Metadata metadata = load_safetensors_metadata(part_of(checkpoint, "training"));
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::nullopt : std::optional(found->second);
}

int64_t number(const Metadata& metadata, const std::string& key, const fs::path& file) {
  const auto found = metadata.find(key);
  check_usage(found != metadata.end(), file.string(), ": metadata has no ", key);
  try {
    return std::stoll(found->second);
  } catch (const std::exception&) {
    usage_error(file.string(), ": ", key, " '", found->second, "' is not a number");
  }
}

void write_checkpoint(const TrainState& state, const Parts& parts, const fs::path& directory) {
  fs::create_directories(directory.parent_path());
  write_directory_atomically(directory, [&](const fs::path& target) {
    const Metadata metadata = weights_metadata(state);
    nlohmann::ordered_json contents;
    for (const auto& [part, tensors] : parts) {
      contents[part] = content_crc(tensors);
      Metadata own = metadata;
      if (part == "training") {
        own.merge(environment(state));
        own["uvic.updates"] = std::to_string(state.optimizer->updates());
        own["uvic.skipped"] = std::to_string(state.skipped);
        own["uvic.skipped_in_a_row"] = std::to_string(state.skipped_in_a_row);
        own["uvic.data"] = state.data_identity;
        own["uvic.contents"] = contents.dump();
        own["uvic.machine"] = machine_text();
      }
      save_safetensors(part_of(target, part), tensors, own);
    }
  });
  remove_old(directory.parent_path(), state.options.keep, state.options.keep_every);
}

void write_snapshot(const TrainState& state, const fs::path& directory) {
  fs::create_directories(directory.parent_path());
  const auto names = parameter_names(state);
  write_directory_atomically(directory, [&](const fs::path& target) {
    for (size_t i = 0; i < state.ema->size(); ++i) {
      if (!state.ema->is_power(i)) continue;
      TensorMap half = with_names(names, state.ema->weights(i));
      for (auto& [name, tensor] : half) tensor = tensor.to(at::kHalf);
      save_safetensors(part_of(target, state.ema->name(i)), half, weights_metadata(state));
    }
  });
}

// Of what rank 0 writes, while the others wait.
void write_on_first(const TrainState& state, const char* what, const std::function<void()>& write) {
  try {
    state.world.first_does(write);
  } catch (const std::exception& error) {
    throw NotSaved(c10::str("step ", state.step, ": no ", what, ": ", error_text(error)));
  }
}

}  // namespace

std::string first_not_finite(const TrainState& state) {
  const Parts parts = parts_to_save(state);
  return state.world.on_first([&] { return first_not_finite(parts); });
}

fs::path save_checkpoint(const TrainState& state, const fs::path& run_directory) {
  const fs::path directory = checkpoint_path(run_directory, state.step);
  if (state.world.first_finds([&] { return fs::exists(part_of(directory, "model")); })) return directory;
  const Parts parts = parts_to_save(state);
  check_finite(state, parts, run_directory);
  write_on_first(state, "checkpoint", [&] {
    if (fs::exists(directory)) move_aside(directory, "incomplete");
    write_checkpoint(state, parts, directory);
  });
  return directory;
}

// All parts with the CRC-32 of their values; of checkpoints from before that was recorded, whatever is there.
std::string damage_of_checkpoint(const fs::path& checkpoint) {
  try {
    const auto contents = recorded(checkpoint, "uvic.contents");
    if (contents) {
      const auto crcs = nlohmann::json::parse(*contents).get<std::map<std::string, uint32_t>>();
      for (const auto& [part, crc] : crcs) check_part(part_of(checkpoint, part), crc);
      return "";
    }
    for (const auto& entry : fs::directory_iterator(checkpoint)) {
      if (entry.path().extension() == ".safetensors") check_part(entry.path(), std::nullopt);
    }
    return "";
  } catch (const UsageError& error) {
    return error.what();
  } catch (const nlohmann::json::exception&) {
    return part_of(checkpoint, "training").string() + ": damaged: uvic.contents cannot be read";
  }
}

void save_snapshot(const TrainState& state, const fs::path& run_directory) {
  const fs::path directory = snapshot_path(run_directory, state.step);
  if (state.world.first_finds([&] { return fs::exists(directory); })) return;
  check_finite(state, parts_to_save(state), run_directory);
  write_on_first(state, "snapshot", [&] { write_snapshot(state, directory); });
}

void load_checkpoint(TrainState& state, const fs::path& checkpoint) {
  const fs::path model_file = part_of(checkpoint, "model"), training_file = part_of(checkpoint, "training");
  load_weights(*state.module, load_safetensors(model_file).tensors, model_file.string());
  for (size_t i = 0; i < state.ema->size(); ++i) {
    const fs::path file = part_of(checkpoint, state.ema->name(i));
    const auto averages = in_order(state, load_safetensors(file).tensors, "", file);
    const at::NoGradGuard no_grad;
    for (size_t p = 0; p < averages.size(); ++p) state.ema->weights(i)[p].copy_(averages[p]);
  }
  const SafeTensors training = load_safetensors(training_file);
  state.optimizer->load({in_order(state, training.tensors, "exp_avg.", training_file),
                         in_order(state, training.tensors, "exp_avg_sq.", training_file,
                                  [&](size_t i) { return state.optimizer->has_squares(i); })},
                        number(training.metadata, "uvic.updates", training_file));
  state.step = number(training.metadata, "uvic.step", training_file);
  state.skipped = number(training.metadata, "uvic.skipped", training_file);
  state.skipped_in_a_row = number(training.metadata, "uvic.skipped_in_a_row", training_file);
  for (const auto& [key, value] : environment(state)) {
    const auto recorded = training.metadata.find(key);
    const std::string unless_recorded = key == "uvic.ranks" ? "1" : "unknown";  // there were none before
    const std::string then = recorded == training.metadata.end() ? unless_recorded : recorded->second;
    if (then != value)
      log_warning("resuming with ", key, " ", value, ", saved with ", then, ": not exact to the bit");
  }
}

std::string checkpoint_data(const fs::path& checkpoint) {
  return recorded(checkpoint, "uvic.data").value_or("");
}

std::string checkpoint_config(const fs::path& checkpoint) {
  const auto config = recorded(checkpoint, "uvic.config");
  check_usage(config.has_value(), checkpoint.string(), ": training.safetensors has no uvic.config");
  return *config;
}

double checkpoint_bytes(int64_t parameters, size_t emas, int64_t moments) {
  return 4.0 * (double(parameters) * double(1 + emas) + double(moments));
}

}  // namespace uvic
