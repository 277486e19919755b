#include "recipe/power_ema.h"

#include <ATen/ATen.h>

#include <cmath>

namespace uvic {

double power_ema_width(double gamma) {
  return std::sqrt((gamma + 1) / ((gamma + 2) * (gamma + 2) * (gamma + 3)));
}

double power_ema_exponent(double width) {
  // The width falls as gamma grows; halve between gamma = 0 (a plain mean) and one of width about 1e-9.
  double low = 0, high = 1e9;
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (power_ema_width(middle) > width ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double power_ema_decay(double gamma, int64_t n) {
  return std::pow(1.0 - 1.0 / double(n), gamma + 1.0);
}

namespace {

// The inner product of two profiles (appendix C.3).
double dot(PowerProfile a, PowerProfile b) {
  const double exponent = a.time < b.time ? b.gamma : -a.gamma;
  const double ratio = std::pow(a.time / b.time, exponent);
  return (a.gamma + 1) * (b.gamma + 1) * ratio / ((a.gamma + b.gamma + 1) * std::max(a.time, b.time));
}

}  // namespace

std::vector<double> reconstruction_factors(const std::vector<PowerProfile>& stored, PowerProfile target) {
  const auto n = int64_t(stored.size());
  const at::Tensor products = at::empty({n, n}, at::kDouble), with_target = at::empty({n, 1}, at::kDouble);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j)
      products.data_ptr<double>()[i * n + j] = dot(stored[size_t(i)], stored[size_t(j)]);
    with_target.data_ptr<double>()[i] = dot(stored[size_t(i)], target);
  }
  // Many close snapshots make the products nearly singular: the minimum-norm solution.
  const at::Tensor factors =
      std::get<0>(at::linalg_lstsq(products, with_target, /*rcond=*/1e-14, /*driver=*/"gelsd"));
  return {factors.data_ptr<double>(), factors.data_ptr<double>() + n};
}

}  // namespace uvic
