// A diffusion problem with a known answer: data from a mixture of two Gaussians in one dimension. Its
// marginal at (alpha, sigma) is such a mixture too, so the exact denoiser is known, and the probability-flow
// ODE, which keeps the order of points, carries each quantile of one marginal to the same quantile of
// another.
#pragma once
#include <ATen/ATen.h>

#include <cmath>

#include "diffusion/denoiser.h"

namespace uvic::testing {

class Mixture {
 public:
  double mean(double alpha) const { return alpha * (kShare * kMean1 + (1 - kShare) * kMean2); }
  double variance(double alpha, double sigma) const {
    const double second =
        kShare * (kMean1 * kMean1 + kDev1 * kDev1) + (1 - kShare) * (kMean2 * kMean2 + kDev2 * kDev2);
    return alpha * alpha * second - mean(alpha) * mean(alpha) + sigma * sigma;
  }

  /// E[x0 | x] and the noise that goes with it.
  Prediction predict(const at::Tensor& x, double alpha, double sigma) const {
    const auto [d1, m1] = posterior(x, alpha, sigma, kShare, kMean1, kDev1);
    const auto [d2, m2] = posterior(x, alpha, sigma, 1 - kShare, kMean2, kDev2);
    const at::Tensor x0 = (d1 * m1 + d2 * m2) / (d1 + d2);
    return {x0, (x - x0 * alpha) / sigma};
  }
  Denoiser denoiser(const NoiseSchedule& schedule, int* evaluations = nullptr) const {
    return [&schedule, evaluations, this](const at::Tensor& x, double t) {
      if (evaluations != nullptr) ++*evaluations;
      return predict(x, schedule.alpha(t), schedule.sigma(t));
    };
  }

  /// Where the exact flow takes x from the marginal (alpha0, sigma0) to (alpha1, sigma1).
  at::Tensor transport(const at::Tensor& x, double alpha0, double sigma0, double alpha1,
                       double sigma1) const {
    const at::Tensor target = cdf(x, alpha0, sigma0);
    at::Tensor low = at::full_like(x, -1e3), high = at::full_like(x, 1e3);
    for (int i = 0; i < 80; ++i) {
      const at::Tensor middle = (low + high) / 2, below = cdf(middle, alpha1, sigma1) < target;
      low = at::where(below, middle, low);
      high = at::where(below, high, middle);
    }
    return (low + high) / 2;
  }

 private:
  static constexpr double kShare = 0.35, kMean1 = -1.1, kDev1 = 0.3, kMean2 = 0.8, kDev2 = 0.45;

  // The component's density at x, and its mean of x0 given x.
  static std::pair<at::Tensor, at::Tensor> posterior(const at::Tensor& x, double a, double s, double share,
                                                     double m, double d) {
    const double variance = a * a * d * d + s * s;
    const at::Tensor off = x - a * m;
    return {(off.square() * (-0.5 / variance)).exp() * (share / std::sqrt(variance)),
            m + off * (a * d * d / variance)};
  }
  static at::Tensor cdf(const at::Tensor& x, double a, double s) {
    const auto part = [&](double m, double d) {
      return (1 + at::erf((x - a * m) / (std::sqrt(2.0) * std::hypot(a * d, s)))) / 2;
    };
    return part(kMean1, kDev1) * kShare + part(kMean2, kDev2) * (1 - kShare);
  }
};

}  // namespace uvic::testing
