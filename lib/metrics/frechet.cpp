#include "metrics/frechet.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

namespace uvic {
namespace {

/// [D, r] with covariance = factor factor^T, r its rank: eigenvalues within rounding of 0 are left out.
at::Tensor factor(const at::Tensor& covariance) {
  const auto [values, vectors] = at::linalg_eigh((covariance + covariance.t()) / 2);  // ascending
  const double most = std::max(values[-1].item<double>(), 0.0);
  const double rounding = most * double(values.size(0)) * std::numeric_limits<double>::epsilon();
  const int64_t rank = (values > rounding).sum().item<int64_t>(), first = values.size(0) - rank;
  return vectors.slice(1, first) * values.slice(0, first).sqrt();
}

}  // namespace

FrechetResult frechet_distance(const Gaussian& a, const Gaussian& b) {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(a.dim() == b.dim(), "features of ", a.dim(), " and of ", b.dim(), " values");
  const at::Tensor factor_a = factor(a.covariance), factor_b = factor(b.covariance);
  const bool a_smaller = factor_a.size(1) <= factor_b.size(1);
  const at::Tensor& narrow = a_smaller ? factor_a : factor_b;
  const at::Tensor& other = a_smaller ? b.covariance : a.covariance;
  const at::Tensor product = narrow.t().matmul(other).matmul(narrow);
  const at::Tensor roots = at::linalg_eigvalsh((product + product.t()) / 2).clamp_min(0).sqrt();
  const double distance =
      ((a.mean - b.mean).square().sum() + a.covariance.trace() + b.covariance.trace() - 2 * roots.sum())
          .item<double>();
  return {std::max(distance, 0.0), factor_a.size(1), factor_b.size(1)};  // rounding may leave -1e-13
}

}  // namespace uvic
