// Generating text one token at a time, on the CPU: products and attention for a few rows, which memory
// limits.
#pragma once
#include <ATen/core/Tensor.h>

#include "kernels/attention_kind.h"

namespace uvic {

/// Whether linear_of_rows takes these: on the CPU, x float32, weight float32 or bfloat16 and contiguous, so
/// few rows that a matrix product would wait for memory.
bool takes_rows(const at::Tensor& x, const at::Tensor& weight);

/// x [rows, in] weight^T, weight [out, in]; float32 [rows, out], sums in float32. A row does not depend on
/// how many stand beside it, up to its last bits. Not differentiable. c10::Error unless takes_rows.
at::Tensor linear_of_rows(const at::Tensor& x, const at::Tensor& weight);

/// Whether attend_one takes it.
bool has_decode_kernel(AttentionKind kind);

/// Attention of one query a head, see attention(): q float32 [H, D]; keys and values [H, M, D], both float32
/// or both bfloat16, any strides but that of D; scale 1 / sqrt(D). float32 [H, D]. Not differentiable.
/// c10::Error for a kind without a kernel.
at::Tensor attend_one(AttentionKind kind, const at::Tensor& q, const at::Tensor& keys,
                      const at::Tensor& values);

}  // namespace uvic
