#include "nn/attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "kernels/cog_attention.h"
#include "nn/cogformer_layers.h"
#include "nn/observe.h"

namespace uvic {

using torch::nn::Linear;
using torch::nn::LinearOptions;

namespace {

using at::Tensor;

constexpr double kQkNormEps = 1e-6;

// The exponential of a score of 0 is the 1 of softmax + 1, and the value of that key is 0.
Tensor with_zero_key(const Tensor& x) {
  return at::constant_pad_nd(x, {0, 0, 1, 0});
}

bool pads_a_key(AttentionKind kind, std::optional<bool> fused) {
  return kind == AttentionKind::kSoftmax1 && !fused.has_value();
}

// In float32 at least: under autocast x is bfloat16.
Tensor normalised(RmsNorm& norm, const Tensor& x) {
  const bool narrow = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  return norm.forward(narrow ? x.to(at::kFloat) : x).to(x.scalar_type());
}

}  // namespace

std::string describe_attention(const ModelOptions& options, c10::Device device, Precision precision) {
  std::string text = describe_blocks(
      options.depth + 1, [&](int64_t i) { return options.attention_kind(i); },
      [&](AttentionKind kind) -> std::string {
        if (kind == AttentionKind::kSoftmax) return "scaled_dot_product_attention";
        if (pads_a_key(kind, fused_attention(options.attention_kernel)))
          return "scaled_dot_product_attention with a key of zeros";
        return kernel_for(kind, options.attention_kernel, options.head_dim(), device, precision)
            .description();
      });
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

OutputGate::OutputGate(int64_t dim) {
  weight_ = register_parameter("weight", at::zeros({dim, dim}));
}

Tensor OutputGate::forward(const Tensor& x) {
  return at::linear(x, weight_).sigmoid();
}

Attention::Attention(const AttentionOptions& options) : options_(options) {
  qkv_ = register_module("qkv", Linear(LinearOptions(options.dim, 3 * options.dim).bias(options.qkv_bias)));
  if (options.qk_norm) {
    const int64_t head_dim = options.dim / options.num_heads;
    q_norm_ = register_module("q_norm", std::make_shared<RmsNorm>(head_dim, kQkNormEps));
    k_norm_ = register_module("k_norm", std::make_shared<RmsNorm>(head_dim, kQkNormEps));
  }
  proj_ = register_module("proj", Linear(options.dim, options.dim));
  if (options.gate) gate_ = register_module("gate", std::make_shared<OutputGate>(options.dim));
}

// [B, H, N, D] each -> [B, H, N, D].
Tensor Attention::attend(const Tensor& q, const Tensor& k, const Tensor& v) const {
  if (options_.kind == AttentionKind::kSoftmax) return at::scaled_dot_product_attention(q, k, v);
  if (pads_a_key(options_.kind, options_.fused))
    return at::scaled_dot_product_attention(q, with_zero_key(k), with_zero_key(v));
  return std::get<0>(attention(options_.kind, q, k, v, {}, false, options_.fused));
}

Tensor Attention::forward(const Tensor& x) {
  const auto B = x.size(0), N = x.size(1), C = x.size(2), H = options_.num_heads;
  // Views [B, H, N, D] of the packed projection. Unbound in its own layout: the three gradients come back in
  // one copy.
  const auto packed = qkv_->forward(x).view({B, N, 3, H, C / H}).unbind(2);
  auto q = (q_norm_ ? normalised(*q_norm_, packed[0]) : packed[0]).transpose(1, 2),
       k = (k_norm_ ? normalised(*k_norm_, packed[1]) : packed[1]).transpose(1, 2),
       v = packed[2].transpose(1, 2);
  if (auto* observer = network_observer()) {
    AttentionInputs inputs{options_.kind, q, k, v, 1 / std::sqrt(double(C / H))};
    observer->attention(inputs);
    q = inputs.q, k = inputs.k, v = inputs.v;
  }
  const Tensor out = attend(q, k, v).transpose(1, 2).reshape({B, N, C});
  return proj_->forward(gate_ ? out * gate_->forward(x) : out);
}

}  // namespace uvic
