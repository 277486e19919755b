// Multistep DPM-Solver++, deterministic and stochastic.
#include <ATen/ATen.h>

#include <algorithm>
#include <deque>

#include "diffusion/solvers/exponential.h"
#include "diffusion/solvers/solvers.h"

namespace uvic {
namespace {

using at::Tensor;

struct Past {
  Tensor x0;
  double lambda;
};

int order_of_step(int64_t i, const SolverRun& run, int highest) {
  const bool lower_final = run.intervals() < 10 || run.times.back() == 0;
  const int64_t left = lower_final ? run.intervals() - i : highest;
  return int(std::min({int64_t(highest), i + 1, left}));
}

// What the change of the data prediction adds over an interval h of lambda, as a multiple of alpha(t); newest
// past first. z = -(1 + eta) h.
Tensor correction(const std::deque<Past>& past, int order, double h, double z) {
  const double r0 = (past[0].lambda - past[1].lambda) / h;
  const Tensor d10 = (past[0].x0 - past[1].x0) / r0;
  if (order == 2) return d10 * (0.5 * phi1(z));
  const double r1 = (past[1].lambda - past[2].lambda) / h;
  const Tensor d11 = (past[1].x0 - past[2].x0) / r1;
  const Tensor d1 = d10 + (d10 - d11) * (r0 / (r0 + r1)), d2 = (d10 - d11) / (r0 + r1);
  // d2 is half of h^2 times the second derivative, so order 3 would take 2 phi3; the authors' code, diffusers
  // and k-diffusion all have phi3, hence measured order 2. Kept: images are to equal theirs.
  return d1 * phi2(z) + d2 * phi3(z);
}

Tensor multistep(const Denoiser& denoise, Tensor x, const SolverRun& run, int highest) {
  const auto& schedule = run.schedule;
  std::deque<Past> past;
  for (int64_t i = 0; i < run.intervals(); ++i) {
    const double s = run.times[size_t(i)], t = run.times[size_t(i) + 1];
    past.push_front({denoise(x, s).x0, schedule.lambda(s)});
    if (int(past.size()) > highest) past.pop_back();
    const double h = schedule.lambda(t) - schedule.lambda(s), z = -(1.0 + run.eta) * h;
    const double kept = run.eta > 0 ? std::exp(-run.eta * h) : 1.0;  // of the noise in x
    const double alpha = schedule.alpha(t), sigma = schedule.sigma(t);
    x = x * (sigma / schedule.sigma(s) * kept) - past[0].x0 * (alpha * phi1(z));
    const int order = order_of_step(i, run, highest);
    if (order > 1) x = x - correction(past, order, h, z) * alpha;
    if (run.eta > 0 && sigma > 0) x = x + run.noise() * (sigma * std::sqrt(-std::expm1(-2.0 * run.eta * h)));
    run.on_step(i + 1, x);
  }
  return x;
}

}  // namespace

Tensor sample_dpmpp_2m(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return multistep(denoise, std::move(x), run, 2);
}
Tensor sample_dpmpp_3m(const Denoiser& denoise, Tensor x, const SolverRun& run) {
  return multistep(denoise, std::move(x), run, 3);
}

}  // namespace uvic
