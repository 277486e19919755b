#include "recipe/layout.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/options.h"
#include "core/text.h"
#include "io/safetensors.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr auto kEma = "ema-", kPower = "power-";

// {exponential, decay or width} of "ema-0.999.safetensors" and "power-0.05.safetensors"; the largest is
// "ema".
std::optional<std::pair<bool, double>> average_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  if (file.extension() != ".safetensors") return std::nullopt;
  for (const auto& [prefix, exponential] : {std::pair{std::string(kEma), true}, {kPower, false}}) {
    double value = -1;
    if (!stem.starts_with(prefix)) continue;
    std::from_chars(stem.data() + prefix.size(), stem.data() + stem.size(), value);
    if (value >= 0) return std::pair{exponential, value};
  }
  return std::nullopt;
}

fs::path largest_ema(const fs::path& directory) {
  fs::path best;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto average = average_of(entry.path());
    if (average && (best.empty() || *average > *average_of(best))) best = entry.path();
  }
  return best;
}

fs::path file_within(const fs::path& directory, const std::string& weights, const std::string& option) {
  fs::path file;
  if (weights == "ema") file = largest_ema(directory);
  if (weights == "raw" || file.empty()) file = part_of(directory, "model");
  const bool named = weights.starts_with(kEma) || weights.starts_with(kPower);
  if (named) file = part_of(directory, weights);
  check_usage(weights == "ema" || weights == "raw" || named, weights_option(option), " '", weights,
              "' must be ema, raw, ema-DECAY or power-WIDTH");
  check_usage(fs::exists(file), weights_option(option), " ", weights, ": ", file.string(), " does not exist");
  return file;
}

// What is called step-N in a folder, by N.
std::map<int64_t, fs::path> steps_in(const fs::path& folder) {
  std::map<int64_t, fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const int64_t step = checkpoint_step(entry.path().filename().string());
    if (step >= 0) found[step] = entry.path();
  }
  return found;
}

// Of the newest checkpoint in which it is whole.
fs::path file_of_run(const fs::path& run, const std::string& weights, const std::string& option) {
  std::vector<std::string> problems;
  for (const fs::path& checkpoint : checkpoints_of(run)) {
    const fs::path file = file_within(checkpoint, weights, option);
    const std::string problem = damage_of(file);
    if (problem.empty()) {
      if (!problems.empty()) log_warning(join(problems, "; "), "; using ", file.string(), " instead");
      return file;
    }
    problems.push_back(problem);
  }
  check_usage(!problems.empty(), option, " ", run.string(), ": holds no finished checkpoint (neither ",
              "model.safetensors nor checkpoints/step-*)");
  usage_error(option, " ", run.string(),
              ": the weights of every checkpoint are damaged: ", join(problems, "; "));
}

}  // namespace

fs::path checkpoint_path(const fs::path& run_directory, int64_t step) {
  return run_directory / "checkpoints" / checkpoint_name(step);
}

fs::path snapshot_path(const fs::path& run_directory, int64_t step) {
  return run_directory / "snapshots" / checkpoint_name(step);
}

fs::path part_of(const fs::path& checkpoint, const std::string& what) {
  return checkpoint / (what + ".safetensors");
}

std::string ema_name(double decay) {
  return kEma + value_text(decay);
}

std::string power_ema_name(double width) {
  return kPower + value_text(width);
}

double power_ema_width(const fs::path& file) {
  const auto average = average_of(file);
  return average && !average->first ? average->second : 0;
}

std::map<int64_t, fs::path> snapshots_of(const fs::path& run_directory) {
  return steps_in(run_directory / "snapshots");
}

std::string weights_option(const std::string& option) {
  return option == kGuideOption ? "--guide-weights" : option == kInitOption ? "--init-weights" : "--weights";
}

std::string checkpoint_name(int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "step-%08ld", step);
  return name;
}

int64_t checkpoint_step(const std::string& name) {
  int64_t step = -1;
  if (!name.starts_with("step-")) return -1;
  const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
  return error == std::errc{} && end == name.data() + name.size() ? step : -1;
}

std::vector<fs::path> checkpoints_of(const fs::path& run_directory) {
  std::vector<fs::path> checkpoints;
  for (const auto& [step, path] : steps_in(run_directory / "checkpoints")) {
    if (fs::exists(part_of(path, "model"))) checkpoints.insert(checkpoints.begin(), path);
  }
  return checkpoints;
}

fs::path latest_checkpoint(const fs::path& run_directory) {
  const auto checkpoints = checkpoints_of(run_directory);
  return checkpoints.empty() ? fs::path() : checkpoints.front();
}

std::string damage_of(const fs::path& file) {
  try {
    load_safetensors_metadata(file);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

fs::path find_weights_file(const fs::path& checkpoint, const std::string& weights,
                           const std::string& option) {
  check_usage(fs::exists(checkpoint), option, " ", checkpoint.string(), ": no such file or folder");
  if (!fs::is_directory(checkpoint)) return checkpoint;
  if (fs::exists(checkpoint / "nnet.pth") && (weights == "ema" || weights == "raw")) {
    return checkpoint /
           (weights == "ema" && fs::exists(checkpoint / "nnet_ema.pth") ? "nnet_ema.pth" : "nnet.pth");
  }
  if (!fs::exists(part_of(checkpoint, "model"))) return file_of_run(checkpoint, weights, option);
  return file_within(checkpoint, weights, option);
}

}  // namespace uvic
