#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "diffusion/solvers/solvers.h"

namespace uvic {
namespace {

using at::Tensor;

// The probability-flow ODE in coordinates where its paths are nearly straight: d(x / scale) / d clock =
// slope.
class OdeFrame {
 public:
  explicit OdeFrame(const NoiseSchedule& schedule)
      : schedule_(schedule), bounded_(schedule.ends_without_signal()) {}

  double scale(double t) const { return schedule_.alpha(t) + (bounded_ ? schedule_.sigma(t) : 0.0); }
  double clock(double t) const { return schedule_.sigma(t) / scale(t); }
  Tensor slope(const Prediction& p) const { return bounded_ ? p.noise - p.x0 : p.noise; }

  Tensor step(const Tensor& x, const Tensor& slope, double s, double t) const {
    return (x / scale(s) + slope * (clock(t) - clock(s))) * scale(t);
  }

 private:
  const NoiseSchedule& schedule_;
  bool bounded_;
};

// Raises the noise level of x for a step from time s, never above that of the start; returns its new time.
double churn(Tensor& x, const SolverRun& run, double s) {
  const auto& schedule = run.schedule;
  if (run.s_churn == 0) return s;
  const double sigma = schedule.edm_sigma(s);
  if (sigma < run.s_tmin || sigma > run.s_tmax) return s;
  const double gamma = std::min(run.s_churn / double(run.intervals()), std::numbers::sqrt2 - 1.0);
  const double raised = std::min(sigma * (1.0 + gamma), schedule.edm_sigma(schedule.max_time()));
  if (raised <= sigma) return s;
  const double time = schedule.inverse_lambda(-std::log(raised));
  const Tensor noise = run.noise() * (run.s_noise * std::sqrt(raised * raised - sigma * sigma));
  x = (x / schedule.alpha(s) + noise) * schedule.alpha(time);
  return time;
}

Tensor integrate(const Denoiser& denoise, Tensor x, const SolverRun& run, bool second_order) {
  const OdeFrame frame(run.schedule);
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    const double s = churn(x, run, run.times[i]), t = run.times[i + 1];
    const Tensor slope = frame.slope(denoise(x, s));
    Tensor next = frame.step(x, slope, s, t);
    if (second_order && run.schedule.sigma(t) > 0) {
      const Tensor slope_at_end = frame.slope(denoise(next, t));
      next = frame.step(x, (slope + slope_at_end) * 0.5, s, t);
    }
    x = next;
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

}  // namespace

Tensor sample_euler(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return integrate(denoise, std::move(x), run, false);
}
Tensor sample_heun(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return integrate(denoise, std::move(x), run, true);
}

}  // namespace uvic
