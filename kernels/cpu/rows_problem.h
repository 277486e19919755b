// Between kernels/rows.cpp and the kernels of each instruction set, as kernel.h is for attention.
#pragma once
#include <cstdint>

namespace uvic::cpu {

/// Rows of C numbers: x and grad_x float32; y and grad_y float32 or bfloat16.
struct NormRows {
  const float *x = nullptr, *weight = nullptr;  ///< [n, C], [C]
  void* y = nullptr;                            ///< [n, C], of the forward
  float* scale = nullptr;                       ///< [n]: 1 / sqrt(mean(x^2) + eps), of the forward
  const void* grad_y = nullptr;                 ///< [n, C], of the backward
  float* grad_x = nullptr;
  float* grad_weight = nullptr;  ///< [C], of the rows of one call: they are added up in their order elsewhere
  int64_t C = 0;
  double eps = 0;
};

/// Pairs of neighbours in rows of H x D numbers, float32 or bfloat16, turned by angles [D / 2] a row, of
/// which `period` follow each other and then repeat.
struct RotatedRows {
  const void* x = nullptr;
  void* y = nullptr;
  const float* angles = nullptr;  ///< [period, D / 2] pairs of cosine and sine
  int64_t H = 0, D = 0, period = 0;
  float sign = 1;  ///< -1: turned back
};

/// out = gate * silu(x), n numbers of float32 or bfloat16; and its gradients.
struct SwiGluRows {
  const void *gate = nullptr, *x = nullptr, *grad = nullptr;
  void *out = nullptr, *grad_gate = nullptr, *grad_x = nullptr;
};

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
  /// [C], of the rows of one call, which are added up in their order elsewhere.
  float *grad_weight = nullptr, *grad_norm_bias = nullptr, *grad_bias = nullptr;
  int64_t C = 0;
};

/// out = gelu(x + bias) of rows of C numbers; or, of grad = dL / d gelu, out = dL / dx.
struct GeluRows {
  const void *x = nullptr, *grad = nullptr;  ///< [n, C]
  const float* bias = nullptr;               ///< [C]
  void* out = nullptr;                       ///< [n, C]
  float* grad_bias = nullptr;                ///< [C], of the rows of one call
  int64_t C = 0;
};

struct RowKernels {
  void (*norm)(const NormRows&, int64_t begin, int64_t end) = nullptr;
  void (*norm_backward)(const NormRows&, int64_t begin, int64_t end) = nullptr;
  void (*rotate)(const RotatedRows&, int64_t begin, int64_t end) = nullptr;
  void (*swiglu)(const SwiGluRows&, int64_t begin, int64_t end) = nullptr;
  void (*swiglu_backward)(const SwiGluRows&, int64_t begin, int64_t end) = nullptr;
  void (*residual)(const ResidualRows&, int64_t begin, int64_t end) = nullptr;
  void (*residual_backward)(const ResidualGrads&, int64_t begin, int64_t end) = nullptr;
  void (*gelu)(const GeluRows&, int64_t begin, int64_t end) = nullptr;
  void (*gelu_backward)(const GeluRows&, int64_t begin, int64_t end) = nullptr;
};
/// Of each type that is not always float32.
struct RowKernelSet {
  RowKernels f32, bf16;
};
const RowKernelSet& portable_rows();
const RowKernelSet& avx2_rows();
const RowKernelSet& avx512_rows();
const RowKernelSet& avx512_bf16_rows();

}  // namespace uvic::cpu
