#include "metrics/kernel_distance.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace uvic {
namespace {

at::Tensor subset(const at::Tensor& rows, int64_t size, uint64_t seed, uint64_t number) {
  auto order = permutation(seed, number, rows.size(0));
  order.resize(size_t(size));
  return rows.index_select(0, at::tensor(order, at::kLong)).to(at::kDouble);
}

at::Tensor kernel(const at::Tensor& x, const at::Tensor& y) {
  return (x.matmul(y.t()) / double(x.size(1)) + 1).pow(3);
}

double mean_off_diagonal(const at::Tensor& square) {
  const auto n = double(square.size(0));
  return (square.sum() - square.trace()).item<double>() / (n * (n - 1));
}

}  // namespace

KernelDistance kernel_distance(const at::Tensor& a, const at::Tensor& b, int64_t subsets, int64_t subset_size,
                               uint64_t seed) {
  const at::NoGradGuard no_grad;
  const int64_t size = std::min({subset_size, a.size(0), b.size(0)});
  TORCH_CHECK(size >= 2 && subsets >= 1 && a.size(1) == b.size(1),
              "the kernel distance needs two rows a side, got ", a.sizes(), " and ", b.sizes());
  const bool whole = size == a.size(0) && size == b.size(0);
  if (whole) subsets = 1;  // the others would be the same rows
  std::vector<double> estimates;
  for (int64_t i = 0; i < subsets; ++i) {
    const at::Tensor x = subset(a, size, seed, uint64_t(2 * i)),
                     y = subset(b, size, seed, uint64_t(2 * i + 1));
    estimates.push_back(mean_off_diagonal(kernel(x, x)) + mean_off_diagonal(kernel(y, y)) -
                        2 * kernel(x, y).mean().item<double>());
  }
  const at::Tensor all = at::tensor(estimates, at::kDouble);
  const double deviation = all.std(/*unbiased=*/false).item<double>();
  KernelDistance result{.mean = all.mean().item<double>(),
                        .deviation = deviation,
                        .standard_error = std::nullopt,
                        .subsets = subsets,
                        .subset_size = size};
  if (subsets > 1) result.standard_error = deviation / std::sqrt(double(subsets - 1));
  return result;
}

}  // namespace uvic
