// Single-step DPM-Solvers, in the noise prediction or, for DPM-Solver++, in the data prediction.
#include <ATen/ATen.h>

#include "diffusion/solvers/exponential.h"
#include "diffusion/solvers/solvers.h"

namespace uvic {
namespace {

using at::Tensor;

// Both forms at once: with z = h and weight sigma for the noise, z = -h and weight alpha for the data.
class SingleStep {
 public:
  SingleStep(const Denoiser& denoise, const NoiseSchedule& schedule, bool data)
      : denoise_(denoise), schedule_(schedule), data_(data) {}

  // From time s to t by order 1, 2 or 3, with the inner evaluations at shares r1 and r2 of the interval of
  // lambda.
  Tensor step(const Tensor& x, double s, double t, int order, double r1, double r2) const {
    const double h = schedule_.lambda(t) - schedule_.lambda(s), z = data_ ? -h : h;
    const Tensor m0 = model(x, s);
    if (order == 1) return first_order(x, m0, s, t, z);
    const double t1 = inner_time(s, h, r1);
    const Tensor d1 = model(first_order(x, m0, s, t1, r1 * z), t1) - m0;
    if (order == 2) return first_order(x, m0, s, t, z) - d1 * (weight(t) * phi1(z) * (0.5 / r1));
    const double t2 = inner_time(s, h, r2);
    const Tensor x2 = first_order(x, m0, s, t2, r2 * z) - d1 * (weight(t2) * phi2(r2 * z) * (r2 / r1));
    const Tensor d2 = model(x2, t2) - m0;
    return first_order(x, m0, s, t, z) - d2 * (weight(t) * phi2(z) / r2);
  }

 private:
  Tensor model(const Tensor& x, double t) const {
    const Prediction p = denoise_(x, t);
    return data_ ? p.x0 : p.noise;
  }
  double weight(double t) const { return data_ ? schedule_.alpha(t) : schedule_.sigma(t); }
  double carried(double t) const { return data_ ? schedule_.sigma(t) : schedule_.alpha(t); }
  double inner_time(double s, double h, double r) const {
    return schedule_.inverse_lambda(schedule_.lambda(s) + r * h);
  }
  Tensor first_order(const Tensor& x, const Tensor& m0, double s, double t, double z) const {
    return x * (carried(t) / carried(s)) - m0 * (weight(t) * phi1(z));
  }

  const Denoiser& denoise_;
  const NoiseSchedule& schedule_;
  bool data_;
};

// One step of orders[i] an interval of the grid, inner evaluations at equal shares of lambda.
Tensor over_intervals(const Denoiser& denoise, Tensor x, const SolverRun& run,
                      const std::vector<int>& orders) {
  const SingleStep solver(denoise, run.schedule, /*data=*/false);
  for (size_t i = 0; i < orders.size(); ++i) {
    x = solver.step(x, run.times[i], run.times[i + 1], orders[i], orders[i] == 2 ? 0.5 : 1.0 / 3, 2.0 / 3);
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

Tensor same_order(const Denoiser& denoise, Tensor x, const SolverRun& run, int order) {
  return over_intervals(denoise, std::move(x), run, std::vector<int>(size_t(run.intervals()), order));
}

// As many of order 3 as fit, then what is left; multiples of 3 end in 2 and 1, as the authors have it.
std::vector<int> fast_orders(int64_t evaluations) {
  std::vector<int> orders(size_t(evaluations % 3 == 0 ? evaluations / 3 - 1 : evaluations / 3), 3);
  if (evaluations % 3 == 0) orders.push_back(2);
  orders.push_back(evaluations % 3 == 2 ? 2 : 1);
  return orders;
}

}  // namespace

Tensor sample_dpm_solver_1(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return same_order(denoise, std::move(x), run, 1);
}
Tensor sample_dpm_solver_2(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return same_order(denoise, std::move(x), run, 2);
}
Tensor sample_dpm_solver_3(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return same_order(denoise, std::move(x), run, 3);
}

Tensor sample_dpm_solver_fast(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return over_intervals(denoise, std::move(x), run, fast_orders(run.steps));
}

Tensor sample_dpmpp_fast(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  const SingleStep solver(denoise, run.schedule, /*data=*/true);
  size_t at = 0;
  int64_t number = 0;
  for (const int order : fast_orders(run.steps)) {
    const auto lambda = [&](int ahead) { return run.schedule.lambda(run.times[at + size_t(ahead)]); };
    const double h = lambda(order) - lambda(0);
    const double r1 = order > 1 ? (lambda(1) - lambda(0)) / h : 0;
    const double r2 = order > 2 ? (lambda(2) - lambda(0)) / h : 0;
    x = solver.step(x, run.times[at], run.times[at + size_t(order)], order, r1, r2);
    at += size_t(order);
    run.on_step(++number, x);
  }
  return x;
}

}  // namespace uvic
