#include "diffusion/edm_schedule.h"

#include <cmath>

namespace uvic {

double EdmSchedule::lambda(double t) const {
  return -std::log(t);
}
double EdmSchedule::inverse_lambda(double lambda) const {
  return std::exp(-lambda);
}
double EdmSchedule::timestep(double t) const {
  return 250.0 * std::log(t);
}
double EdmSchedule::input_scale(double t) const {
  return 1.0 / std::hypot(1.0, t);
}
double EdmSchedule::time_at(double u) const {
  return sigma_min_ * std::pow(sigma_max_ / sigma_min_, u);
}
double EdmSchedule::fraction(double t) const {
  return std::log(t / sigma_min_) / std::log(sigma_max_ / sigma_min_);
}

}  // namespace uvic
