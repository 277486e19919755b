#include "diffusion/prediction.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/errors.h"

namespace uvic {

using at::Tensor;

PredictionType::PredictionType(const DiffusionOptions& options) : sigma_data_(options.sigma_data) {
  const std::vector<std::string> names = {"noise", "x0", "v", "flow", "edm"};
  const auto found = std::find(names.begin(), names.end(), options.prediction);
  check_usage(found != names.end(), "diffusion.prediction: unknown value '", options.prediction, "'");
  kind_ = Kind(found - names.begin());
}

PredictionType::Mix PredictionType::mix(double alpha, double sigma) const {
  switch (kind_) {
    case Kind::kNoise:
      return {0, 1};
    case Kind::kX0:
      return {1, 0};
    case Kind::kV: {
      const double norm = std::hypot(alpha, sigma);
      return {-sigma / norm, alpha / norm};
    }
    case Kind::kFlow:
      return {-1, 1};
    case Kind::kEdm: {
      // F = (x0 - c_skip (x0 + s noise)) / c_out with s = sigma / alpha.
      const double s = sigma / alpha, norm = std::hypot(s, sigma_data_);
      return {s / (sigma_data_ * norm), -sigma_data_ / norm};
    }
  }
  TORCH_CHECK(false, "unreachable");
}

double PredictionType::x0_per_output(double alpha, double sigma) const {
  if (kind_ == Kind::kX0) return 1;  // also at sigma = 0
  const auto [p, q] = mix(alpha, sigma);
  return sigma / (alpha * q - sigma * p);
}

Prediction PredictionType::convert(const Tensor& output, const Tensor& x, double alpha, double sigma,
                                   bool clip_x0) const {
  const auto [p, q] = mix(alpha, sigma);
  const double determinant = alpha * q - sigma * p;
  Tensor x0 = kind_ == Kind::kX0 ? output : x * (q / determinant) - output * (sigma / determinant);
  if (clip_x0) x0 = x0.clamp(-1.0, 1.0);
  if (kind_ == Kind::kNoise && !clip_x0) return {x0, output};
  // Near alpha = 0 and for clipped images from x itself, so that x = alpha x0 + sigma noise holds exactly.
  return {x0, (x - x0 * alpha) / sigma};
}

double PredictionType::input_scale(const NoiseSchedule& schedule, double t) const {
  if (kind_ != Kind::kEdm) return schedule.input_scale(t);
  return 1.0 / (schedule.alpha(t) * std::hypot(schedule.edm_sigma(t), sigma_data_));
}

}  // namespace uvic
