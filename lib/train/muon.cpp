#include "train/muon.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "train/optimizer.h"

namespace uvic {

using at::Tensor;

constexpr int kIterations = 5;
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;  // Jordan's a, b and c
constexpr double kSmallest = 1e-7;                        // added to a norm that may be 0
constexpr double kSizeOfAdamW = 0.2;                      // root mean square of its updates (Liu et al. 2025)

Tensor orthogonal(const Tensor& x, at::ScalarType dtype) {
  Tensor y = (x / (x.norm(2, {1, 2}, /*keepdim=*/true) + kSmallest)).to(dtype);
  for (int i = 0; i < kIterations; ++i) {
    const Tensor square = y.bmm(y.mT());
    y = at::baddbmm(y, at::baddbmm(square, square, square, kB, kC), y, kA);
  }
  return y;
}

Muon::Muon(std::vector<Tensor> parameters, const std::vector<int64_t>& matrices,
           const OptimizerOptions& options, at::ScalarType dtype)
    : parameters_(std::move(parameters)), options_(options), dtype_(dtype) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    momenta.push_back(at::zeros_like(parameters_[i]));
    const int64_t rows = parameters_[i].size(0) / matrices[i], columns = parameters_[i].size(1);
    auto& alike = matrices_[std::minmax(rows, columns)];
    for (int64_t m = 0; m < matrices[i]; ++m) alike.push_back({i, m * rows, rows, rows > columns});
  }
}

Tensor Muon::Matrix::of(const std::vector<Tensor>& tensors) const {
  const Tensor part = tensors[parameter].detach().narrow(0, first, rows);
  return tall ? part.t() : part;
}

void Muon::step(double lr) {
  const at::NoGradGuard no_grad;
  const auto gradients = gradients_of(parameters_);
  std::vector<Tensor> looking_ahead;
  for (size_t i = 0; i < momenta.size(); ++i) {
    momenta[i].lerp_(gradients[i], 1 - options_.momentum);
    looking_ahead.push_back(gradients[i].lerp(momenta[i], options_.momentum));
  }
  for (const auto& [shape, matrices] : matrices_) {
    std::vector<Tensor> momentum;
    for (const Matrix& matrix : matrices) momentum.push_back(matrix.of(looking_ahead));
    const auto updates = orthogonal(at::stack(momentum), dtype_).unbind();
    const double factor = -lr * kSizeOfAdamW * std::sqrt(double(shape.second));
    for (size_t m = 0; m < matrices.size(); ++m)
      matrices[m].of(parameters_).mul_(1 - lr * options_.weight_decay).add_(updates[m], factor);
  }
}

}  // namespace uvic
