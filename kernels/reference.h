// Attention of every kind in plain ATen: materialises [B, H, N, M]. The oracle of the tests (in float64) and
// the path for devices, dtypes and head sizes that no fused kernel takes.
#pragma once
#include <ATen/core/Tensor.h>

#include <tuple>

#include "kernels/attention_kind.h"

namespace uvic::reference {

/// See kernels/cog_attention.h; `documents` is what cu_seqlens holds, one after the other. float16 and
/// bfloat16 are computed in float32 and rounded once at the end.
std::tuple<at::Tensor, at::Tensor> attention(AttentionKind kind, const at::Tensor& q, const at::Tensor& k,
                                             const at::Tensor& v, double scale, bool causal,
                                             at::IntArrayRef documents = {});

std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward(
    AttentionKind kind, const at::Tensor& grad_out, const at::Tensor& q, const at::Tensor& k,
    const at::Tensor& v, const at::Tensor& out, const at::Tensor& lse, double scale, bool causal,
    at::IntArrayRef documents = {});

}  // namespace uvic::reference
