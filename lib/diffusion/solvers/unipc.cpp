#include <ATen/ATen.h>

#include <optional>

#include "diffusion/solvers/exponential.h"
#include "diffusion/solvers/solvers.h"

namespace uvic {
namespace {

using at::Tensor;

// One interval from s to t: where it began, the data prediction there and, for order 2, its slope in lambda
// (per interval, from the evaluation before).
struct Interval {
  double s, t;
  Tensor x, x0, d1;  // d1 undefined: order 1
  double rk;         // the evaluation before, as a (negative) share of the interval
};

// From time s to t with the data prediction x0 constant between (Lu et al. 2022, arXiv 2211.01095, eq. 9);
// also where sigma(t) or alpha(s) is 0.
Tensor data_step(const NoiseSchedule& schedule, const Tensor& x, const Tensor& x0, double s, double t) {
  const double h = schedule.lambda(t) - schedule.lambda(s);
  return x * (schedule.sigma(t) / schedule.sigma(s)) - x0 * (schedule.alpha(t) * phi1(-h));
}

Tensor predict(const NoiseSchedule& schedule, const Interval& v) {
  const Tensor x = data_step(schedule, v.x, v.x0, v.s, v.t);
  if (!v.d1.defined()) return x;
  const double h = schedule.lambda(v.t) - schedule.lambda(v.s);
  return x - v.d1 * (schedule.alpha(v.t) * phi1(-h) * 0.5);
}

// The state at v.t again, now that the data prediction there is known.
Tensor correct(const NoiseSchedule& schedule, const Interval& v, const Tensor& x0_at_end) {
  const double z = schedule.lambda(v.s) - schedule.lambda(v.t), b = phi1(z), alpha = schedule.alpha(v.t);
  const Tensor x = data_step(schedule, v.x, v.x0, v.s, v.t), change = x0_at_end - v.x0;
  if (!v.d1.defined()) return x - change * (alpha * b * 0.5);
  // rho of [1 1; rk 1] rho = [phi2, 2 phi3] / B(h)
  const double b1 = phi2(z) / b, b2 = 2.0 * phi3(z) / b;
  const double rho1 = (b1 - b2) / (1.0 - v.rk), rho2 = b1 - rho1;
  return x - (v.d1 * rho1 + change * rho2) * (alpha * b);
}

}  // namespace

Tensor sample_unipc(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  const auto& schedule = run.schedule;
  std::optional<Interval> before;
  for (int64_t i = 0; i < run.intervals(); ++i) {
    const double s = run.times[size_t(i)], t = run.times[size_t(i) + 1];
    const Tensor x0 = denoise(x, s).x0;
    Interval now{.s = s, .t = t, .x = x, .x0 = x0, .d1 = {}, .rk = 0};
    if (before) {
      now.x = correct(schedule, *before, x0);
      if (i + 1 < run.intervals()) {
        const double h = schedule.lambda(t) - schedule.lambda(s);
        now.rk = (schedule.lambda(before->s) - schedule.lambda(s)) / h;
        now.d1 = (before->x0 - x0) / now.rk;
      }
    }
    x = predict(schedule, now);
    before = now;
    run.on_step(i + 1, x);
  }
  return x;
}

}  // namespace uvic
