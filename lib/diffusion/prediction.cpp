#include "diffusion/prediction.h"

#include <ATen/ATen.h>

#include <cmath>

namespace uvic {

using at::Tensor;

PredictionType::Mix PredictionType::mix(double alpha, double sigma) const {
  switch (kind_) {
    case PredictionKind::kNoise:
      return {0, 1};
    case PredictionKind::kX0:
      return {1, 0};
    case PredictionKind::kV: {
      const double norm = std::hypot(alpha, sigma);
      return {-sigma / norm, alpha / norm};
    }
    case PredictionKind::kFlow:
      return {-1, 1};
    case PredictionKind::kEdm: {
      // F = (x0 - c_skip (x0 + s noise)) / c_out with s = sigma / alpha.
      const double s = sigma / alpha, norm = std::hypot(s, sigma_data_);
      return {s / (sigma_data_ * norm), -sigma_data_ / norm};
    }
  }
  TORCH_CHECK(false, "unreachable");
}

double PredictionType::x0_per_output(double alpha, double sigma) const {
  if (kind_ == PredictionKind::kX0) return 1;  // also at sigma = 0
  const auto [p, q] = mix(alpha, sigma);
  return sigma / (alpha * q - sigma * p);
}

Prediction PredictionType::convert(const Tensor& output, const Tensor& x, double alpha, double sigma,
                                   bool clip_x0) const {
  const auto [p, q] = mix(alpha, sigma);
  const double determinant = alpha * q - sigma * p;
  Tensor x0 = kind_ == PredictionKind::kX0 ? output : x * (q / determinant) - output * (sigma / determinant);
  if (clip_x0) x0 = x0.clamp(-1.0, 1.0);
  if (kind_ == PredictionKind::kNoise && !clip_x0) return {x0, output};
  // Near alpha = 0 and for clipped images from x itself, so that x = alpha x0 + sigma noise holds exactly.
  return {x0, (x - x0 * alpha) / sigma};
}

double PredictionType::input_scale(const NoiseSchedule& schedule, double t) const {
  if (kind_ != PredictionKind::kEdm) return schedule.input_scale(t);
  return 1.0 / (schedule.alpha(t) * std::hypot(schedule.edm_sigma(t), sigma_data_));
}

}  // namespace uvic
