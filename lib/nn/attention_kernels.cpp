#include "nn/attention_kernels.h"

#include <c10/util/StringUtil.h>

#include "kernels/block_rows.h"
#include "nn/fused_block.h"

namespace uvic {

bool fuses_softmax(AttentionCall call) {
  if (call.device != c10::kCPU || call.fused == false) return false;
  call.fused = std::nullopt;  // what the other blocks must have, these take where it is to be had
  return choose_kernel(call).fused;
}

bool pads_a_key(AttentionKind kind, std::optional<bool> fused) {
  return kind == AttentionKind::kSoftmax1 && !fused.has_value();
}

std::string describe_attention(const ModelOptions& options, c10::Device device, Precision precision,
                               Purpose purpose) {
  // As Block::Layers::fuses and can_fuse_block decide.
  const bool one_node = !options.qk_norm && !options.attention_gate && !options.qkv_bias &&
                        wants_fused_block(device.type(), fused_attention(options.attention_kernel)) &&
                        can_run_block_rows(device, options.embed_dim, options.embed_dim * options.mlp_ratio);
  const auto runs = [&](AttentionKind kind) -> std::string {
    if (kind == AttentionKind::kSoftmax) {
      const KernelChoice choice = kernel_for(kind, KernelWish::kAuto, options.head_dim(), device, precision);
      AttentionCall call = choice.call;
      call.fused = fused_attention(options.attention_kernel);
      const bool prepared = device.is_cpu() && purpose == Purpose::kEvaluation;
      const bool ours = prepared ? fuses_softmax(call) : one_node && choice.fused;
      return ours ? choice.description() : "scaled_dot_product_attention";
    }
    if (pads_a_key(kind, fused_attention(options.attention_kernel)))
      return "scaled_dot_product_attention with a key of zeros";
    return kernel_for(kind, options.attention_kernel, options.head_dim(), device, precision).description();
  };
  std::string text = describe_blocks(
      options.depth + 1, [&](int64_t i) { return options.attention_kind(i); }, runs);
  if (options.qk_norm) text += "; QK-norm";
  if (options.attention_gate) text += "; gated output";
  return text;
}

bool writes_scores(const ModelOptions& options, c10::Device device, Precision precision) {
  const AttentionKind kind = options.attention;
  if (kind == AttentionKind::kSoftmax || pads_a_key(kind, fused_attention(options.attention_kernel)))
    return false;
  return !kernel_for(kind, options.attention_kernel, options.head_dim(), device, precision).fused;
}

}  // namespace uvic
