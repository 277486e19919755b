// Between kernels/linear.cpp and the kernels of each instruction set, as kernel.h is for attention.
#pragma once
#include <cstdint>

namespace uvic::cpu {

/// A layer's weight [out, in] in panels, as one build's kernels multiply it.
struct PackedWeight {
  int64_t in = 0, out = 0;
  void* panels = nullptr;      ///< LinearKernels::panel_bytes of them
  float* scales = nullptr;     ///< [out], of int8: the weight's step
  int32_t* offsets = nullptr;  ///< [out], of int8: what the rows' zero point adds to a sum
};

/// y = residual + activation(norm(x) W^T + bias), of `rows` rows. x and y are float32 or bfloat16, the rest
/// float32; all contiguous.
struct LinearProblem {
  PackedWeight weight;
  const float* bias = nullptr;   ///< [out], or null
  int64_t rows = 0, block = 0;   ///< an item is so many rows
  const void* x = nullptr;       ///< [rows, x_columns]
  const void* beside = nullptr;  ///< [rows, in - x_columns], where x is shorter than `in`: its columns follow
  int64_t x_columns = 0;
  bool x_is_bf16 = false, y_is_bf16 = false;
  const float *norm_weight = nullptr, *norm_bias = nullptr;  ///< [in], of a LayerNorm of x, or null
  double norm_eps = 0;
  bool gelu = false;
  const float* residual = nullptr;  ///< [rows, out], or null
  void* y = nullptr;                ///< [rows, out]
};

struct LinearKernels {
  int64_t (*panel_bytes)(int64_t in, int64_t out) = nullptr;
  /// Fills panel `item` of `to` from weight [to.out, to.in]; there are so many `panels` of `out` columns.
  int64_t (*panels)(int64_t out) = nullptr;
  void (*pack)(const float* weight, const PackedWeight& to, int64_t item) = nullptr;
  int64_t (*bytes)(const LinearProblem&) = nullptr;  ///< of a workspace, 64-byte aligned
  void (*run)(const LinearProblem&, int64_t item, char* workspace) = nullptr;
};

/// result [out, in] (+)= grad^T x, contiguous float32: dL / dW of some rows.
struct WeightGradProblem {
  const float* grad = nullptr;  ///< dL / dy, [rows, out]
  const float* x = nullptr;     ///< [rows, in]
  int64_t rows = 0, out = 0, in = 0;
  int64_t block = 0;        ///< an item is so many rows of the result
  float* panels = nullptr;  ///< WeightGradKernels::panel_bytes of x
  bool accumulate = false;
  float* result = nullptr;
};
struct WeightGradKernels {
  int64_t (*panel_bytes)(int64_t rows, int64_t in) = nullptr;
  /// Fills panel `item` from x; there are so many `panels` of `in` columns. `run` reads them all.
  int64_t (*panels)(int64_t in) = nullptr;
  void (*pack)(const WeightGradProblem&, int64_t item) = nullptr;
  int64_t (*bytes)(const WeightGradProblem&) = nullptr;  ///< of a workspace, 64-byte aligned
  void (*run)(const WeightGradProblem&, int64_t item, char* workspace) = nullptr;
};

/// Of each format of the weights. Where the instruction set has no products of bfloat16, that is float32; and
/// where it has none of 8-bit integers, they are multiplied in float32.
struct LinearKernelSet {
  LinearKernels f32, bf16, int8;
  WeightGradKernels weight_grad;
};
const LinearKernelSet& portable_linear();
const LinearKernelSet& avx2_linear();
const LinearKernelSet& avx512_linear();
const LinearKernelSet& avx512_bf16_linear();

}  // namespace uvic::cpu
