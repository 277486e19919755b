// Between kernels/decode.cpp and the kernels of each instruction set, as kernel.h is for attention.
#pragma once
#include <cstdint>

namespace uvic::cpu {

/// y [rows, out] = x [rows, in] weight^T, contiguous all; weight [out, in] is float32 or bfloat16.
struct LinearRows {
  const float* x = nullptr;
  const void* weight = nullptr;
  float* y = nullptr;
  int64_t rows = 0, in = 0, out = 0;
};

/// One query of every head, q and out [H, D], against M keys and values, float32 or bfloat16, whose heads and
/// rows lie so many numbers apart.
struct OneQuery {
  const float* q = nullptr;
  const void *k = nullptr, *v = nullptr;
  float* out = nullptr;
  int64_t M = 0, D = 0, k_head = 0, k_row = 0, v_head = 0, v_row = 0;
  double scale = 1;  ///< > 0
};

struct DecodeKernels {
  using Linear = void (*)(const LinearRows&, int64_t begin, int64_t end);
  using Attend = void (*)(const OneQuery&, int64_t head, float* scores);
  Linear linear_f32 = nullptr, linear_bf16 = nullptr;
  Attend cog_f32 = nullptr, cog_bf16 = nullptr, softmax_f32 = nullptr, softmax_bf16 = nullptr;
};
const DecodeKernels& portable_decode();
const DecodeKernels& avx2_decode();
const DecodeKernels& avx512_decode();
const DecodeKernels& avx512_bf16_decode();

}  // namespace uvic::cpu
