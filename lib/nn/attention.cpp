#include "nn/attention.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "kernels/cog_attention.h"

namespace uvic {

using torch::nn::Linear;
using torch::nn::LinearOptions;

std::optional<bool> fused_attention(const ModelOptions& options) {
  if (options.attention_kernel == KernelWish::kAuto) return std::nullopt;
  return options.attention_kernel == KernelWish::kFused;
}

KernelChoice kernel_for(AttentionKind kind, const ModelOptions& options, c10::Device device,
                        Precision precision) {
  try {
    return choose_kernel({.device = device.type(),
                          .dtype = precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat,
                          .head_dim = options.head_dim(),
                          .fused = fused_attention(options),
                          .kind = kind});
  } catch (const c10::Error& error) {
    usage_error("model.attention_kernel: ", error.what_without_backtrace());
  }
}

std::string describe_attention(const ModelOptions& options, c10::Device device, Precision precision) {
  std::string text;
  for (const auto& [kind, name] : kAttentionKinds) {
    int64_t n = 0;
    for (int64_t i = 0; i <= options.depth; ++i) n += options.attention_kind(i) == kind;
    if (n == 0) continue;
    text += c10::str(text.empty() ? "attention: " : "; ", n, " ", name, n == 1 ? " block, " : " blocks, ",
                     kind == AttentionKind::kSoftmax
                         ? "scaled_dot_product_attention"
                         : kernel_for(kind, options, device, precision).description());
  }
  return text;
}

Attention::Attention(const AttentionOptions& options) : options_(options) {
  qkv_ = register_module("qkv", Linear(LinearOptions(options.dim, 3 * options.dim).bias(options.qkv_bias)));
  proj_ = register_module("proj", Linear(options.dim, options.dim));
}

at::Tensor Attention::forward(const at::Tensor& x) {
  const auto B = x.size(0), N = x.size(1), C = x.size(2), H = options_.num_heads;
  // Views [B, H, N, D] of the packed projection. Unbound in its own layout: the three gradients come back in
  // one copy.
  const auto packed = qkv_->forward(x).view({B, N, 3, H, C / H}).unbind(2);
  const auto q = packed[0].transpose(1, 2), k = packed[1].transpose(1, 2), v = packed[2].transpose(1, 2);
  const at::Tensor out = options_.kind == AttentionKind::kSoftmax
                             ? at::scaled_dot_product_attention(q, k, v)
                             : std::get<0>(attention(options_.kind, q, k, v, {}, false, options_.fused));
  return proj_->forward(out.transpose(1, 2).reshape({B, N, C}));
}

}  // namespace uvic
