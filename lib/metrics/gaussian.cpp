#include "metrics/gaussian.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace uvic {

void Moments::add(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(rows.dim() == 2, "features must be [n, D], got ", rows.sizes());
  if (rows.size(0) == 0) return;
  const at::Tensor values = rows.detach().to(at::kCPU, at::kDouble);
  const auto n = double(count_), m = double(values.size(0));
  const at::Tensor mean = values.mean(0), centred = values - mean;
  if (count_ == 0) {
    mean_ = mean;
    scatter_ = centred.t().matmul(centred);
  } else {
    TORCH_CHECK(mean.sizes() == mean_.sizes(), "features have ", mean.size(0), " values, earlier ones ",
                mean_.size(0));
    const at::Tensor step = mean - mean_;
    scatter_.addmm_(centred.t(), centred).addr_(step, step, 1, n * m / (n + m));
    mean_ = mean_ + step * (m / (n + m));
  }
  count_ += values.size(0);
}

Gaussian Moments::gaussian() const {
  TORCH_CHECK(count_ >= 2, "a covariance needs two images or more, got ", count_);
  return {mean_.clone(), scatter_ / double(count_ - 1)};
}

}  // namespace uvic
