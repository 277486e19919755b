#include <ATen/ATen.h>

#include <cmath>

#include "diffusion/solvers/solvers.h"

namespace uvic {

using at::Tensor;

Tensor sample_ddim(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  for (size_t i = 0; i + 1 < run.times.size(); ++i) {
    const double s = run.times[i], t = run.times[i + 1];
    const Prediction p = denoise(x, s);
    const double sigma = run.schedule.sigma(t);
    // Of sigma^2 the part eta^2 (1 - e^-2h) is drawn anew; e^-2h is the ratio of the two SNRs.
    const double h = run.schedule.lambda(t) - run.schedule.lambda(s);
    const double fresh = run.eta * sigma * std::sqrt(-std::expm1(-2.0 * h));
    x = p.x0 * run.schedule.alpha(t) + p.noise * std::sqrt(sigma * sigma - fresh * fresh);
    if (fresh > 0) x = x + run.noise() * fresh;
    run.on_step(int64_t(i) + 1, x);
  }
  return x;
}

}  // namespace uvic
