#include "recipe/snapshots.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>

#include "core/errors.h"
#include "core/options.h"
#include "recipe/layout.h"
#include "recipe/power_ema.h"

namespace uvic {

namespace fs = std::filesystem;

std::vector<Snapshot> list_snapshots(const fs::path& run_directory) {
  std::vector<Snapshot> snapshots;
  for (const auto& [step, folder] : snapshots_of(run_directory)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const double width = power_ema_width(entry.path());
      if (width > 0) snapshots.push_back({entry.path(), step, width});
    }
  }
  std::sort(snapshots.begin(), snapshots.end(), [](const Snapshot& a, const Snapshot& b) {
    return std::tie(a.step, a.width) < std::tie(b.step, b.width);
  });
  return snapshots;
}

std::optional<double> parse_ema_width(const std::string& weights) {
  constexpr std::string_view kPrefix = "width-";
  if (!weights.starts_with(kPrefix)) return std::nullopt;
  double width = 0;
  const char* end = weights.data() + weights.size();
  const auto [stop, error] = std::from_chars(weights.data() + kPrefix.size(), end, width);
  check_usage(error == std::errc{} && stop == end && width > 0 && width < kWidestEma, "--ema-width '",
              weights.substr(kPrefix.size()), "': must be a number above 0 and below ", kWidestEma);
  return width;
}

std::vector<Snapshot> require_snapshots(const fs::path& run_directory) {
  auto snapshots = list_snapshots(run_directory);
  check_usage(!snapshots.empty(), "--ema-width: ", run_directory.string(),
              " has no snapshots/; train with train.ema_widths and train.snapshot_interval");
  return snapshots;
}

SafeTensors reconstruct_ema(const fs::path& run_directory, double width) {
  const auto snapshots = require_snapshots(run_directory);
  std::vector<PowerProfile> stored;
  for (const auto& s : snapshots) stored.push_back({double(s.step), power_ema_exponent(s.width)});
  const auto factors = reconstruction_factors(stored, {stored.back().time, power_ema_exponent(width)});

  SafeTensors result;
  for (size_t i = 0; i < snapshots.size(); ++i) {
    SafeTensors part = load_safetensors(snapshots[i].file);
    for (const auto& [name, tensor] : part.tensors) {
      const at::Tensor term = tensor.to(at::kDouble) * factors[i];
      auto [sum, first] = result.tensors.try_emplace(name, term);
      if (first) continue;
      check_usage(sum->second.sizes() == tensor.sizes(), snapshots[i].file.string(), ": ", name, " is ",
                  tensor.sizes(), " where earlier snapshots have ", sum->second.sizes());
      sum->second += term;
    }
    result.metadata = std::move(part.metadata);
  }
  for (auto& [name, tensor] : result.tensors) tensor = tensor.to(at::kFloat);
  result.metadata["uvic.ema_width"] = value_text(width);
  return result;
}

}  // namespace uvic
