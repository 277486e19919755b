#include "diffusion/schedule.h"

#include <cmath>

#include "core/errors.h"

namespace uvic {

VpLinearSchedule::VpLinearSchedule(double beta_min, double beta_max)
    : beta_min_(beta_min), beta_max_(beta_max) {}

double VpLinearSchedule::integral(double t) const {
  return t * (beta_min_ + 0.5 * t * (beta_max_ - beta_min_));
}
double VpLinearSchedule::alpha(double t) const {
  return std::exp(-0.5 * integral(t));
}
double VpLinearSchedule::sigma(double t) const {
  return std::sqrt(-std::expm1(-integral(t)));
}
double VpLinearSchedule::beta(double t) const {
  return beta_min_ + t * (beta_max_ - beta_min_);
}

double VpLinearSchedule::lambda(double t) const {
  return -0.5 * std::log(std::expm1(integral(t)));
}

double VpLinearSchedule::inverse_lambda(double lambda) const {
  // integral(t) = log(1 + exp(-2 lambda)): a quadratic in t, solved without cancellation.
  const double target = -2.0 * lambda > 30.0 ? -2.0 * lambda : std::log1p(std::exp(-2.0 * lambda));
  const double slope = beta_max_ - beta_min_;
  return 2.0 * target / (beta_min_ + std::sqrt(beta_min_ * beta_min_ + 2.0 * slope * target));
}

std::shared_ptr<const NoiseSchedule> make_schedule(const DiffusionOptions& options) {
  check_usage(options.beta_min <= options.beta_max, "diffusion.beta_min: ", options.beta_min,
              " must not exceed diffusion.beta_max ", options.beta_max);
  return std::make_shared<VpLinearSchedule>(options.beta_min, options.beta_max);
}

}  // namespace uvic
