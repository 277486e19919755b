// Noise schedules: x_t = alpha(t) x_0 + sigma(t) noise, t in [0, 1] from data to noise. Scalars in float64.
#pragma once
#include <memory>

#include "diffusion/options.h"

namespace uvic {

class NoiseSchedule {
 public:
  virtual ~NoiseSchedule() = default;
  virtual double alpha(double t) const = 0;
  virtual double sigma(double t) const = 0;
  /// log(alpha / sigma), half the log of the signal-to-noise ratio; decreasing, +infinity at t = 0.
  virtual double lambda(double t) const = 0;
  /// The t with lambda(t) = lambda.
  virtual double inverse_lambda(double lambda) const = 0;
  /// The forward SDE dx = -beta(t)/2 x dt + sqrt(beta(t)) dw.
  virtual double beta(double t) const = 0;
  /// What the network is fed for t.
  virtual double timestep(double t) const = 0;
};

/// The variance-preserving SDE with beta(t) = beta_min + t (beta_max - beta_min) (Song et al. 2021, arXiv
/// 2011.13456, eq. 32).
class VpLinearSchedule : public NoiseSchedule {
 public:
  explicit VpLinearSchedule(double beta_min = 0.1, double beta_max = 20.0);
  double alpha(double t) const override;
  double sigma(double t) const override;
  double lambda(double t) const override;
  double inverse_lambda(double lambda) const override;
  double beta(double t) const override;
  double timestep(double t) const override { return 999.0 * t; }

 private:
  double integral(double t) const;  // of beta from 0 to t
  double beta_min_, beta_max_;
};

/// The schedule that the options name.
std::shared_ptr<const NoiseSchedule> make_schedule(const DiffusionOptions& options);

}  // namespace uvic
