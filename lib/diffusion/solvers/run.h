// What every solver of the reverse process is given.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <limits>
#include <vector>

#include "diffusion/denoiser.h"
#include "diffusion/schedule.h"

namespace uvic {

/// Standard normals of the images' shape, [B, C, H, W] float32; called once for each time noise is really
/// added.
using NoiseSource = std::function<at::Tensor()>;
/// Called after each step with its number (from 1) and the state at the step's end, which it may replace.
using StepCallback = std::function<void(int64_t step, at::Tensor& x)>;

struct SolverRun {
  const NoiseSchedule& schedule;
  /// Decreasing; times[0] is where x starts. Solver::intervals says how many.
  std::vector<double> times;
  int64_t steps = 0;  ///< evaluations asked for; what `fast` makes its orders of
  NoiseSource noise = {};
  StepCallback on_step = [](int64_t, at::Tensor&) {};
  /// Share of the noise that a stochastic solver adds anew: 0 makes it deterministic, 1 follows the SDE.
  double eta = 0.0;
  /// EDM's churn: noise added before a step whose sigma / alpha lies within [s_tmin, s_tmax].
  double s_churn = 0.0, s_tmin = 0.0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1.0;

  int64_t intervals() const { return int64_t(times.size()) - 1; }
};

}  // namespace uvic
