#include <ATen/ATen.h>

#include <cmath>

#include "diffusion/solvers/solvers.h"

namespace uvic {
namespace {

using at::Tensor;

// One Euler step of dx = (f x + strength * g^2 * noise / sigma) dt from s to t < s; strength 1 for the
// reverse SDE's drift, 1/2 for the probability-flow ODE's. (The score is -noise / sigma.)
Tensor euler_step(const Denoiser& denoise, const Tensor& x, const NoiseSchedule& schedule, double s, double t,
                  double strength) {
  const Tensor noise = denoise(x, s).noise;
  return x * (1.0 + schedule.drift(s) * (t - s)) +
         noise * (strength * schedule.diffusion(s) * (t - s) / schedule.sigma(s));
}

}  // namespace

Tensor sample_euler_maruyama_sde(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    const double s = run.times[i], t = run.times[i + 1];
    x = euler_step(denoise, x, run.schedule, s, t, 1.0);
    if (t > 0) x = x + run.noise() * std::sqrt(run.schedule.diffusion(s) * (s - t));
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

Tensor sample_euler_maruyama_ode(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    x = euler_step(denoise, x, run.schedule, run.times[i], run.times[i + 1], 0.5);
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

}  // namespace uvic
