#include "nn/attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "kernels/cog_attention.h"
#include "nn/attention_kernels.h"
#include "nn/cogformer_layers.h"
#include "nn/observe.h"
#include "nn/prepared.h"

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

// In float32 at least: under autocast x is bfloat16.
Tensor normalised(RmsNorm& norm, const Tensor& x) {
  const bool narrow = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  return norm.forward(narrow ? x.to(at::kFloat) : x).to(x.scalar_type());
}

}  // namespace

OutputGate::OutputGate(int64_t dim) {
  weight_ = register_parameter("weight", at::zeros({dim, dim}));
}

Tensor OutputGate::forward(const Tensor& x) {
  return at::linear(x, weight_).sigmoid();
}

Tensor OutputGate::evaluate(const Tensor& x, const torch::nn::LayerNorm& norm,
                            PreparedWeights& weights) const {
  return weights.of(weight_, {})(normed(norm, x, weights.dtype())).sigmoid();
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

// Views [B, H, N, D] of q, k, v in [B, N, 3 C]. Unbound in its own layout: the three gradients come back in
// one copy.
std::array<Tensor, 3> Attention::heads_of(const Tensor& packed) {
  const int64_t H = options_.num_heads;
  const auto parts = packed.view({packed.size(0), packed.size(1), 3, H, packed.size(2) / 3 / H}).unbind(2);
  return {(q_norm_ ? normalised(*q_norm_, parts[0]) : parts[0]).transpose(1, 2),
          (k_norm_ ? normalised(*k_norm_, parts[1]) : parts[1]).transpose(1, 2), parts[2].transpose(1, 2)};
}

Tensor Attention::add_to(const Tensor& x, const torch::nn::LayerNorm& norm, PreparedWeights& weights) {
  const auto [q, k, v] = heads_of(weights.of(qkv_)(normed(norm, x, weights.dtype())));
  const bool softmax = options_.kind == AttentionKind::kSoftmax &&
                       fuses_softmax(call_of(AttentionKind::kSoftmax, q, k, 1, options_.fused));
  const Tensor heads = softmax ? std::get<0>(attention(options_.kind, q, k, v)) : attend(q, k, v);
  Tensor out = heads.transpose(1, 2).reshape(x.sizes());
  if (gate_) out = out * gate_->evaluate(x, norm, weights);
  return weights.of(proj_)({.x = out, .residual = x});
}

Tensor Attention::forward(const Tensor& x) {
  const auto B = x.size(0), N = x.size(1), C = x.size(2), H = options_.num_heads;
  auto [q, k, v] = heads_of(qkv_->forward(x));
  if (auto* observer = network_observer()) {
    AttentionInputs inputs{options_.kind, q, k, v, 1 / std::sqrt(double(C / H))};
    observer->attention(inputs);
    q = inputs.q, k = inputs.k, v = inputs.v;
  }
  const Tensor out = attend(q, k, v).transpose(1, 2).reshape({B, N, C});
  return proj_->forward(gate_ ? out * gate_->forward(x) : out);
}

}  // namespace uvic
