#include "nn/attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "kernels/cog_attention.h"
#include "nn/observe.h"

namespace uvic {

using torch::nn::Linear;
using torch::nn::LinearOptions;

std::string describe_attention(const ModelOptions& options, c10::Device device, Precision precision) {
  return describe_blocks(
      options.depth + 1, [&](int64_t i) { return options.attention_kind(i); },
      [&](AttentionKind kind) -> std::string {
        if (kind == AttentionKind::kSoftmax) return "scaled_dot_product_attention";
        return kernel_for(kind, options.attention_kernel, options.head_dim(), device, precision)
            .description();
      });
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
  auto q = packed[0].transpose(1, 2), k = packed[1].transpose(1, 2), v = packed[2].transpose(1, 2);
  if (auto* observer = network_observer()) {
    AttentionInputs inputs{options_.kind, q, k, v, 1 / std::sqrt(double(C / H))};
    observer->attention(inputs);
    q = inputs.q, k = inputs.k, v = inputs.v;
  }
  const at::Tensor out = options_.kind == AttentionKind::kSoftmax
                             ? at::scaled_dot_product_attention(q, k, v)
                             : std::get<0>(attention(options_.kind, q, k, v, {}, false, options_.fused));
  return proj_->forward(out.transpose(1, 2).reshape({B, N, C}));
}

}  // namespace uvic
