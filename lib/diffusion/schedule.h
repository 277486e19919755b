// Noise schedules: x_t = alpha(t) x_0 + sigma(t) noise, from data at t = 0 to noise at t = max_time().
// Scalars in float64.
#pragma once
#include <memory>

#include "diffusion/options.h"

namespace uvic {

class NoiseSchedule {
 public:
  virtual ~NoiseSchedule() = default;
  virtual double alpha(double t) const = 0;
  virtual double sigma(double t) const = 0;
  /// log(alpha / sigma), half the log of the signal-to-noise ratio; decreasing, +infinity at t = 0, -infinity
  /// where alpha is 0.
  virtual double lambda(double t) const = 0;
  /// The t with lambda(t) = lambda.
  virtual double inverse_lambda(double lambda) const = 0;
  /// f(t) of the forward SDE dx = f x dt + g dw: the derivative of log alpha.
  virtual double drift(double t) const = 0;
  /// g(t)^2, the derivative of sigma^2 less 2 f sigma^2.
  virtual double diffusion(double t) const = 0;
  /// What the network is fed for t.
  virtual double timestep(double t) const = 0;

  /// Where sampling starts.
  virtual double max_time() const { return 1.0; }
  /// Where sampling ends unless `t_end` says otherwise; 0: as the solver likes.
  virtual double min_time() const { return 0.0; }
  /// Whether t covers orders of magnitude, so that equal steps of t are a poor grid.
  virtual bool spans_decades() const { return false; }
  /// Factor on x where the network expects inputs of unit variance.
  virtual double input_scale(double) const { return 1.0; }
  /// Standard deviation of what sampling starts from.
  virtual double prior_scale() const { return 1.0; }

  /// Training draws its times as time_at(u), u uniform in [0, 1); `fraction` is the inverse.
  virtual double time_at(double u) const { return u * max_time(); }
  virtual double fraction(double t) const { return t / max_time(); }

  /// sigma / alpha, EDM's sigma.
  double edm_sigma(double t) const { return sigma(t) / alpha(t); }
  /// Whether no signal is left at max_time(): alpha = 0 there.
  bool ends_without_signal() const { return alpha(max_time()) == 0; }
};

/// The schedule that the options name. UsageError, naming the keys, if they do not go together.
std::shared_ptr<const NoiseSchedule> make_schedule(const DiffusionOptions& options);

}  // namespace uvic
