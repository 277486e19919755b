#include "metrics/gaussian.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

namespace uvic {

void Moments::add(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(rows.dim() == 2, "features must be [n, D], got ", rows.sizes());
  if (rows.size(0) == 0) return;
  const at::Tensor values = rows.detach().to(at::kCPU, at::kDouble);
  const at::Tensor mean = values.mean(0), centred = values - mean;
  take_in(values.size(0), mean, centred.t().matmul(centred));
}

void Moments::take_in(int64_t count, const at::Tensor& mean, const at::Tensor& scatter) {
  if (count_ == 0) {
    mean_ = mean.clone();
    scatter_ = scatter.clone();
  } else {
    TORCH_CHECK(mean.sizes() == mean_.sizes(), "features have ", mean.size(0), " values, earlier ones ",
                mean_.size(0));
    const auto n = double(count_), m = double(count);
    const at::Tensor step = mean - mean_;
    scatter_.add_(scatter).addr_(step, step, 1, n * m / (n + m));
    mean_ = mean_ + step * (m / (n + m));
  }
  count_ += count;
}

at::Tensor Moments::state() const {
  return at::cat({at::full({1}, double(count_), at::kDouble), mean_, scatter_.flatten()});
}

void Moments::merge(const at::Tensor& state) {
  const auto count = int64_t(state[0].item<double>());
  const auto dim = int64_t(std::lround((std::sqrt(4.0 * double(state.size(0)) - 3.0) - 1.0) / 2.0));
  take_in(count, state.narrow(0, 1, dim), state.narrow(0, 1 + dim, dim * dim).view({dim, dim}));
}

Gaussian Moments::gaussian() const {
  TORCH_CHECK(count_ >= 2, "a covariance needs two images or more, got ", count_);
  return {mean_.clone(), scatter_ / double(count_ - 1)};
}

}  // namespace uvic
