#include "nn/cogformer_layers.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/modulelist.h>

#include "kernels/rows.h"
#include "nn/recompute.h"

namespace uvic {

using at::Tensor;

Tensor rotary_angles(int64_t length, int64_t head_dim, double theta) {
  const auto pairs = at::arange(0, head_dim, 2, at::kDouble).div(double(head_dim));
  const auto frequencies = at::pow(theta, pairs.neg());
  const auto angles = at::outer(at::arange(length, at::kDouble), frequencies);
  return at::complex(angles.cos().to(at::kFloat), angles.sin().to(at::kFloat));
}

RmsNorm::RmsNorm(int64_t dim, double eps) : eps_(eps) {
  weight_ = register_parameter("weight", at::ones({dim}));
}

Tensor RmsNorm::forward(const Tensor& x) {
  return rms_norm(x, weight_, eps_);
}

CogformerAttention::CogformerAttention(const CogformerOptions& options, AttentionKind kind)
    : heads_(options.n_heads), kind_(kind) {
  const int64_t dim = options.dim;
  qw_ = register_parameter("qw", at::randn({dim, dim}));
  kw_ = register_parameter("kw", at::randn({dim, dim}));
  vw_ = register_parameter("vw", at::randn({dim, dim}));
  ow_ = register_parameter("ow", at::randn({dim, dim}));
}

Tensor CogformerAttention::forward(const Tensor& x, const Tensor& rotation, const Attend& attend) {
  const int64_t B = x.size(0), T = x.size(1), C = x.size(2);
  const auto heads = [&](const Tensor& weight) {
    return at::matmul(x, weight).view({B, T, heads_, C / heads_});
  };
  const Tensor q = rotate(heads(qw_), rotation).transpose(1, 2),
               k = rotate(heads(kw_), rotation).transpose(1, 2), v = heads(vw_).transpose(1, 2);
  return at::matmul(attend(kind_, q, k, v).transpose(1, 2).reshape({B, T, C}), ow_);
}

SwiGlu::Expert::Expert(int64_t dim, int64_t hidden_dim) {
  gw = register_parameter("gw", at::randn({dim, hidden_dim}));
  pw = register_parameter("pw", at::randn({dim, hidden_dim}));
  ow = register_parameter("ow", at::randn({hidden_dim, dim}));
}

SwiGlu::SwiGlu(const CogformerOptions& options)
    : expert_(std::make_shared<Expert>(options.dim, options.hidden_dim)) {
  torch::nn::ModuleList experts;
  experts->push_back(expert_);
  register_module("shared_experts", experts);
}

Tensor SwiGlu::forward(const Tensor& x) {
  return at::matmul(swiglu(at::matmul(x, expert_->gw), at::matmul(x, expert_->pw)), expert_->ow);
}

CogformerBlock::CogformerBlock(const CogformerOptions& options, AttentionKind kind)
    : recompute_(options.use_checkpoint) {
  layers_.attention_norm =
      register_module("attention_norm", std::make_shared<RmsNorm>(options.dim, options.norm_eps));
  layers_.attention = register_module("attention", std::make_shared<CogformerAttention>(options, kind));
  layers_.ffn_norm = register_module("ffn_norm", std::make_shared<RmsNorm>(options.dim, options.norm_eps));
  layers_.ffn = register_module("ffn", std::make_shared<SwiGlu>(options));
}

Tensor CogformerBlock::Layers::forward(const Tensor& x, const Tensor& rotation, const Attend& attend) const {
  // A node of the block's own, for the same bits with and without recomputation; see Block.
  const Tensor in = x.view_as(x);
  const Tensor attended = in + attention->forward(attention_norm->forward(in), rotation, attend);
  return attended + ffn->forward(ffn_norm->forward(attended));
}

Tensor CogformerBlock::forward(const Tensor& x, const Tensor& rotation, const Attend& attend) {
  if (!recompute_ || !at::GradMode::is_enabled()) return layers_.forward(x, rotation, attend);
  return recompute_in_backward(
      [layers = layers_, rotation, attend](const std::vector<Tensor>& in) {
        return layers.forward(in[0], rotation, attend);
      },
      {x}, parameters());
}

}  // namespace uvic
