// Between kernels/block_rows.cpp and the kernels of each instruction set and of CUDA: plain structs, no ATen.
#pragma once
#include <cstdint>

namespace uvic {

/// sum = x + (change + bias), and normed = LayerNorm(sum), of rows of C numbers. What is null is left out:
/// without x it is 0, without a change sum is x and is not written, without a weight there is no norm.
struct ResidualRows {
  const float* x = nullptr;                             ///< [n, C]
  const void* change = nullptr;                         ///< [n, C]
  const float* bias = nullptr;                          ///< [C]
  float* sum = nullptr;                                 ///< [n, C]
  const float *weight = nullptr, *norm_bias = nullptr;  ///< [C]
  void* normed = nullptr;                               ///< [n, C]
  float *mean = nullptr, *scale = nullptr;              ///< [n]: of the norm; 1 / sqrt(variance + eps)
  int64_t C = 0;
  double eps = 0;
};

/// Its backward: of dL / d sum from elsewhere and dL / d normed, dL / d sum of both. What is null is left
/// out.
struct ResidualGrads {
  const float* grad = nullptr;        ///< [n, C]
  const void* grad_normed = nullptr;  ///< [n, C]
  const float *sum = nullptr, *mean = nullptr, *scale = nullptr, *weight = nullptr;
  float* grad_sum = nullptr;  ///< [n, C]; not written without grad_normed, where it is `grad`
  void* rounded = nullptr;    ///< [n, C], the same
  /// [items, C]: of the rows of each item; they are added up in their order elsewhere.
  float *grad_weight = nullptr, *grad_norm_bias = nullptr, *grad_bias = nullptr;
  int64_t C = 0;
};

/// out = gelu(x + bias) of rows of C numbers; or, of grad = dL / d gelu, out = dL / dx.
struct GeluRows {
  const void *x = nullptr, *grad = nullptr;  ///< [n, C]
  const float* bias = nullptr;               ///< [C]
  void* out = nullptr;                       ///< [n, C]
  float* grad_bias = nullptr;                ///< [items, C], as above
  int64_t C = 0;
};

}  // namespace uvic
