// Which quantity a network's output is, and how it turns into the clean image and the noise.
#pragma once
#include <ATen/core/Tensor.h>

#include "diffusion/options.h"
#include "diffusion/schedule.h"

namespace uvic {

/// x = alpha x0 + sigma noise holds between the two (after clipping too: noise then follows x0).
struct Prediction {
  at::Tensor x0, noise;  ///< float32 [B, C, H, W]
};

/// Every prediction type is a combination of the clean image and the noise, target = p x0 + q noise, at a
/// noise level (alpha, sigma); with x = alpha x0 + sigma noise that is solved for either.
/// noise: 0, 1 (Ho et al. 2020); x0: 1, 0; v: -sigma, alpha, scaled to alpha^2 + sigma^2 = 1 (Salimans & Ho
/// 2022, arXiv 2202.00512); flow: -1, 1, the straight line's velocity (Liu et al. 2022, arXiv 2209.03003);
/// edm: F of EDM's preconditioning (Karras et al. 2022, arXiv 2206.00364, eq. 7 and table 1).
class PredictionType {
 public:
  explicit PredictionType(const DiffusionOptions& options)
      : kind_(options.prediction), sigma_data_(options.sigma_data) {}

  /// p and q at a noise level.
  struct Mix {
    double p, q;
  };
  Mix mix(double alpha, double sigma) const;

  /// Converts a network's output. `clip_x0` clamps x0 to [-1, 1] and recomputes the noise.
  Prediction convert(const at::Tensor& output, const at::Tensor& x, double alpha, double sigma,
                     bool clip_x0) const;

  /// The error of x0 over the error of the output: loss weights are given for x0.
  double x0_per_output(double alpha, double sigma) const;

  /// Factor on x before it enters the network: edm's c_in, else the schedule's.
  double input_scale(const NoiseSchedule& schedule, double t) const;

 private:
  PredictionKind kind_;
  double sigma_data_;
};

}  // namespace uvic
