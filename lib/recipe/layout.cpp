#include "recipe/layout.h"

#include <charconv>
#include <cstdio>
#include <optional>

#include "core/errors.h"
#include "core/options.h"

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

fs::path latest_checkpoint(const fs::path& run_directory) {
  fs::path latest;
  int64_t latest_step = -1;
  const fs::path checkpoints = run_directory / "checkpoints";
  if (!fs::is_directory(checkpoints)) return latest;
  for (const auto& entry : fs::directory_iterator(checkpoints)) {
    const int64_t step = checkpoint_step(entry.path().filename().string());
    if (step > latest_step && fs::exists(part_of(entry.path(), "model"))) {
      latest = entry.path();
      latest_step = step;
    }
  }
  return latest;
}

fs::path find_weights_file(const fs::path& checkpoint, const std::string& weights,
                           const std::string& option) {
  check_usage(fs::exists(checkpoint), option, " ", checkpoint.string(), ": no such file or folder");
  if (!fs::is_directory(checkpoint)) return checkpoint;
  if (fs::exists(checkpoint / "nnet.pth") && (weights == "ema" || weights == "raw")) {
    return checkpoint /
           (weights == "ema" && fs::exists(checkpoint / "nnet_ema.pth") ? "nnet_ema.pth" : "nnet.pth");
  }
  fs::path directory = checkpoint;
  if (!fs::exists(part_of(directory, "model"))) directory = latest_checkpoint(checkpoint);
  check_usage(!directory.empty(), option, " ", checkpoint.string(),
              ": holds no finished checkpoint (neither ", "model.safetensors nor checkpoints/step-*)");
  fs::path file;
  if (weights == "ema") file = largest_ema(directory);
  if (weights == "raw" || file.empty()) file = part_of(directory, "model");
  const bool named = weights.starts_with(kEma) || weights.starts_with(kPower);
  if (named) file = part_of(directory, weights);
  check_usage(weights == "ema" || weights == "raw" || named, "--weights '", weights,
              "' must be ema, raw, ema-DECAY or power-WIDTH");
  check_usage(fs::exists(file), "--weights ", weights, ": ", file.string(), " does not exist");
  return file;
}

}  // namespace uvic
