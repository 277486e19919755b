#pragma once
#include "diffusion/schedule.h"

namespace uvic {

/// EDM's variance-exploding schedule, alpha = 1 and sigma = t, up to sigma_max (Karras et al. 2022, arXiv
/// 2206.00364, table 1). The network is fed 1000 c_noise = 250 ln(sigma): its sinusoids expect thousands.
/// Fractions of the range (uniform times, loss buckets) are of log sigma.
class EdmSchedule : public NoiseSchedule {
 public:
  explicit EdmSchedule(double sigma_min = 0.002, double sigma_max = 80.0)
      : sigma_min_(sigma_min), sigma_max_(sigma_max) {}
  double alpha(double) const override { return 1.0; }
  double sigma(double t) const override { return t; }
  double lambda(double t) const override;
  double inverse_lambda(double lambda) const override;
  double drift(double) const override { return 0.0; }
  double diffusion(double t) const override { return 2.0 * t; }
  double timestep(double t) const override;
  double max_time() const override { return sigma_max_; }
  double min_time() const override { return sigma_min_; }
  bool spans_decades() const override { return true; }
  double input_scale(double t) const override;
  double prior_scale() const override { return sigma_max_; }
  double time_at(double u) const override;
  double fraction(double t) const override;

 private:
  double sigma_min_, sigma_max_;
};

}  // namespace uvic
