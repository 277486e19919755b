#include "tasks/diffusion/loss_buckets.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace uvic {

void LossBuckets::add(const NoiseSchedule& schedule, const at::Tensor& t, const at::Tensor& losses) {
  const auto* times = t.const_data_ptr<float>();
  const auto* values = losses.const_data_ptr<float>();
  for (int64_t i = 0; i < t.size(0); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double fraction = std::clamp(schedule.fraction(times[i]), 0.0, 1.0 - 1e-9);
    const auto bucket = size_t(fraction * kCount);
    sums_[bucket] += values[i];
    ++counts_[bucket];
  }
}

std::vector<std::pair<std::string, double>> LossBuckets::take(const World& world) {
  for (auto* totals : {&sums_, &counts_}) world.sum(at::from_blob(totals->data(), {kCount}, at::kDouble));
  std::vector<std::pair<std::string, double>> values;
  for (size_t bucket = 0; bucket < sums_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    values.emplace_back("loss_t" + std::to_string(bucket), sums_[bucket] / counts_[bucket]);
  }
  *this = {};
  return values;
}

}  // namespace uvic
