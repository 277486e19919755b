#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "diffusion/schedule.h"
#include "dist/world.h"

namespace uvic {

/// The mean training loss in each tenth of the schedule's time (of log sigma for edm), over the steps since
/// the last log line.
class LossBuckets {
 public:
  static constexpr int kCount = 10;

  /// t, losses: float32 [B]. Losses that are not finite are left out, as their step is skipped.
  void add(const NoiseSchedule& schedule, const at::Tensor& t, const at::Tensor& losses);
  /// {"loss_t0", mean}, ... for the tenths that saw an image on any rank; forgets them.
  std::vector<std::pair<std::string, double>> take(const World& world = {});

 private:
  std::array<double, kCount> sums_{}, counts_{};
};

}  // namespace uvic
