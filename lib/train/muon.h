// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"): a matrix moves along
// its momentum made orthogonal, so that every direction of it learns as fast as the strongest.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "train/options.h"

namespace uvic {

/// x [n, rows, columns], rows <= columns: n matrices U S V^T become about U V^T by five steps of Jordan's
/// quintic Newton-Schulz iteration: singular values between 0.7 and 1.2, but for those below a hundredth of
/// the norm. Computed and returned in `dtype`.
at::Tensor orthogonal(const at::Tensor& x, at::ScalarType dtype);

/// With m = beta m + (1 - beta) g, u = beta m + (1 - beta) g (Nesterov's):
///   W -= lr (0.2 sqrt(max(rows, columns)) orthogonal(u) + weight_decay W),
/// the factor of Liu et al. 2025 (arXiv 2502.16982, equation 4), by which steps are as large as AdamW's, so
/// that rates and decays carry over.
class Muon {
 public:
  /// parameters[i], [R, C], is matrices[i] matrices of R / matrices[i] rows, each of which moves by itself.
  /// `dtype` of the iteration: bfloat16, as published, halves its time.
  Muon(std::vector<at::Tensor> parameters, const std::vector<int64_t>& matrices,
       const OptimizerOptions& options, at::ScalarType dtype);

  /// One update from the parameters' .grad; a parameter without a gradient counts as gradient 0.
  void step(double lr);

  /// State for checkpoints, in the parameters' order.
  std::vector<at::Tensor> momenta;

 private:
  struct Matrix {
    size_t parameter;
    int64_t first, rows;  // of the parameter's rows
    bool tall;            // more rows than columns: its transpose is what is made orthogonal
    at::Tensor of(const std::vector<at::Tensor>& tensors) const;
  };

  std::vector<at::Tensor> parameters_;
  std::map<std::pair<int64_t, int64_t>, std::vector<Matrix>> matrices_;  // by their shape, lying
  OptimizerOptions options_;
  at::ScalarType dtype_;
};

}  // namespace uvic
