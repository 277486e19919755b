// Between kernels/rows.cpp and the kernels of each instruction set, as kernel.h is for attention.
#pragma once
#include <cstdint>

#include "kernels/block_rows_problem.h"

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
