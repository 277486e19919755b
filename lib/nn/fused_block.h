// A transformer's block as one node of the graph, for training: a matrix product is one call (in float32 on
// the CPU of our kernel, else of ATen's), and what lies between two of them is one pass over memory
// (kernels/block_rows.h) where a graph of LibTorch's layers takes three to six.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>

#include "kernels/attention_kind.h"

namespace uvic {

/// Of a pre-norm block: x = [x, skip] skip^T + skip_bias, if there is one; x += attention(LayerNorm(x)); x +=
/// fc2(gelu(fc1(LayerNorm(x)))). Float32, as nn::Linear and nn::LayerNorm have them; no bias of qkv.
struct BlockWeights {
  at::Tensor norm1_weight, norm1_bias, qkv, proj, proj_bias;
  at::Tensor norm2_weight, norm2_bias, fc1, fc1_bias, fc2, fc2_bias;
  at::Tensor skip, skip_bias;  ///< undefined, or [C, 2 C] and [C]
  int64_t num_heads = 1;
  AttentionKind kind = AttentionKind::kCog;
  double eps = 1e-5;  ///< of both norms
};

/// Whether blocks run so on a device where they can: on a GPU, until one has proven it, only where fused
/// kernels are asked for. `fused`: as AttentionCall has it.
bool wants_fused_block(c10::DeviceType device, std::optional<bool> fused);

/// Whether this thread can run such a block on x [B, N, C] in one node: x is float32, device and sizes have
/// kernels for its rows and for its attention, and autocast is off or to bfloat16.
bool can_fuse_block(const at::Tensor& x, const BlockWeights& weights);

/// The block on x [B, N, C] and, if it has one, its skip connection [B, N, C]; float32. Under autocast to
/// bfloat16 that is what products of matrices read and write; residuals, norms and sums are float32.
/// Differentiable once in x, skip and the weights. Gradients of weights are rounded as nn::Linear's are.
at::Tensor fused_block(const at::Tensor& x, const at::Tensor& skip, const BlockWeights& weights);

}  // namespace uvic
