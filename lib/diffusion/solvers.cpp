#include "diffusion/solvers.h"

#include <ATen/ATen.h>

#include <cmath>

namespace uvic {
namespace {

using at::Tensor;

// One Euler step of dx = (-beta/2 x + strength * beta * noise / sigma) dt from s to t < s; strength 1 for the
// SDE's drift, 1/2 for the probability-flow ODE's. (The score is -noise / sigma.)
Tensor euler_step(const Denoiser& denoise, const Tensor& x, const SolverRun& run, double s, double t,
                  double strength) {
  const double beta = run.schedule.beta(s), dt = t - s;
  const Tensor noise = denoise(x, s).noise;
  return x * (1.0 - 0.5 * beta * dt) + noise * (strength * beta * dt / run.schedule.sigma(s));
}

}  // namespace

Tensor sample_euler_maruyama_sde(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    const double s = run.times[i], t = run.times[i + 1];
    x = euler_step(denoise, x, run, s, t, 1.0);
    if (t > 0) x = x + run.noise() * std::sqrt(run.schedule.beta(s) * (s - t));
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

Tensor sample_euler_maruyama_ode(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    x = euler_step(denoise, x, run, run.times[i], run.times[i + 1], 0.5);
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

Tensor sample_ddim(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    const double t = run.times[i + 1];
    const Prediction p = denoise(x, run.times[i]);
    x = p.x0 * run.schedule.alpha(t) + p.noise * run.schedule.sigma(t);
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

Tensor sample_dpmpp_2m(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  const auto& schedule = run.schedule;
  Tensor previous_x0;
  double previous_h = 0;
  const bool few = run.times.size() - 1 < 10;
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    const double s = run.times[i], t = run.times[i + 1];
    const double h = schedule.lambda(t) - schedule.lambda(s);
    const Tensor x0 = denoise(x, s).x0;
    const bool first_order = i == 0 || std::isinf(h) || (few && i + 2 == run.times.size());
    const Tensor d = first_order ? x0 : x0 + (x0 - previous_x0) * (0.5 * h / previous_h);
    // sigma_t / sigma_s x - alpha_t (e^-h - 1) D; at t = 0, h is infinite and this is D itself.
    x = x * (schedule.sigma(t) / schedule.sigma(s)) - d * (schedule.alpha(t) * std::expm1(-h));
    previous_x0 = x0;
    previous_h = h;
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

}  // namespace uvic
