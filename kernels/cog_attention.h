// The attention operator, and Cog Attention: attention whose weights may be negative (arXiv 2411.07176v3,
// eq. 4):
//   P = scale * Q K^T,   W = sign(P) * softmax(|P|),   O = W V.
// sign(0) = 0: such a weight is 0, yet its exp(0) stays in the denominator.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

#include "kernels/attention_kind.h"

namespace uvic {

/// q [B, H, N, D], k and v [B, H, M, D]: one floating dtype, one device, any strides. `scale` defaults to
/// 1 / sqrt(D). `causal`: the queries are the last N of M positions (M >= N), query i sees keys j <= i + M -
/// N. `fused`: which kernel, see choose_kernel; where none is chosen, the fused one if it covers the case.
/// `cu_seqlens`: where documents begin and end, as in FlashAttention's varlen interface; a query then sees
/// keys of its own document alone. Cumulative lengths over the B * N tokens counted row by row: int64
/// [documents + 1], contiguous, on the CPU; begins with 0, rises, ends with B * N, and no document crosses a
/// row of the batch; M must be N. Absent or undefined: a row is a document.
/// Returns O, [B, H, N, D] in the inputs' dtype, laid out so that O.transpose(1, 2) is contiguous, and lse,
/// float32 (float64 for float64 inputs) [B, H, N]: the log of sum_j exp P_ij, for Cog exp |P_ij| (of other
/// kinds see Weighing), not differentiable. Differentiable once in q, k, v. c10::Error names an argument that
/// does not fit. Under autocast q, k, v are cast to the autocast dtype, as for scaled_dot_product_attention.
std::tuple<at::Tensor, at::Tensor> attention(AttentionKind kind, const at::Tensor& q, const at::Tensor& k,
                                             const at::Tensor& v, std::optional<double> scale = std::nullopt,
                                             bool causal = false, std::optional<bool> fused = std::nullopt,
                                             const std::optional<at::Tensor>& cu_seqlens = std::nullopt);

/// Gradients of q, k, v given grad_out = dL/dO and what the forward returned. With D_i = sum(dO_i * O_i), for
/// Cog and softmax (of other kinds see Weighing):
///   dP = |W| * dW - W * D  (dW = dO V^T),   dQ = scale * dP K,   dK = scale * dP^T Q,   dV = W^T dO.
std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward(
    AttentionKind kind, const at::Tensor& grad_out, const at::Tensor& q, const at::Tensor& k,
    const at::Tensor& v, const at::Tensor& out, const at::Tensor& lse, double scale, bool causal = false,
    std::optional<bool> fused = std::nullopt, const std::optional<at::Tensor>& cu_seqlens = std::nullopt);

inline std::tuple<at::Tensor, at::Tensor> cog_attention(const at::Tensor& q, const at::Tensor& k,
                                                        const at::Tensor& v,
                                                        std::optional<double> scale = std::nullopt,
                                                        bool causal = false,
                                                        std::optional<bool> fused = std::nullopt) {
  return attention(AttentionKind::kCog, q, k, v, scale, causal, fused);
}

inline std::tuple<at::Tensor, at::Tensor, at::Tensor> cog_attention_backward(
    const at::Tensor& grad_out, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const at::Tensor& out, const at::Tensor& lse, double scale, bool causal = false,
    std::optional<bool> fused = std::nullopt) {
  return attention_backward(AttentionKind::kCog, grad_out, q, k, v, out, lse, scale, causal, fused);
}

}  // namespace uvic
