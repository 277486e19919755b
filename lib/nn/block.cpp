#include "nn/block.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "nn/observe.h"
#include "nn/prepared.h"
#include "nn/recompute.h"

namespace uvic {

using torch::nn::LayerNorm;
using torch::nn::LayerNormOptions;
using torch::nn::Linear;

Mlp::Mlp(int64_t dim, int64_t hidden) {
  fc1_ = register_module("fc1", Linear(dim, hidden));
  fc2_ = register_module("fc2", Linear(hidden, dim));
}

at::Tensor Mlp::forward(const at::Tensor& x) {
  return fc2_->forward(at::gelu(fc1_->forward(x)));
}

at::Tensor Mlp::add_to(const at::Tensor& x, const LayerNorm& norm, PreparedWeights& weights) {
  LinearCall first = normed(norm, x, weights.dtype());
  first.gelu = true;
  return weights.of(fc1_).then(first, weights.of(fc2_), {.residual = x});
}

Block::Block(const BlockOptions& options) : recompute_(options.recompute) {
  const int64_t dim = options.attention.dim;
  layers_.norm1 = register_module("norm1", LayerNorm(LayerNormOptions({dim})));
  layers_.attn = register_module("attn", std::make_shared<Attention>(options.attention));
  layers_.norm2 = register_module("norm2", LayerNorm(LayerNormOptions({dim})));
  layers_.mlp = register_module("mlp", std::make_shared<Mlp>(dim, options.mlp_hidden));
  if (options.skip) layers_.skip_linear = register_module("skip_linear", Linear(2 * dim, dim));
}

BlockWeights Block::Layers::weights() const {
  BlockWeights w;
  w.norm1_weight = norm1->weight, w.norm1_bias = norm1->bias;
  w.qkv = attn->qkv()->weight;
  w.proj = attn->proj()->weight, w.proj_bias = attn->proj()->bias;
  w.norm2_weight = norm2->weight, w.norm2_bias = norm2->bias;
  w.fc1 = mlp->fc1()->weight, w.fc1_bias = mlp->fc1()->bias;
  w.fc2 = mlp->fc2()->weight, w.fc2_bias = mlp->fc2()->bias;
  if (!skip_linear.is_empty()) w.skip = skip_linear->weight, w.skip_bias = skip_linear->bias;
  w.num_heads = attn->options().num_heads, w.kind = attn->options().kind;
  w.eps = norm1->options.eps();
  return w;
}

bool Block::Layers::fuses(const at::Tensor& x) const {
  const AttentionOptions& o = attn->options();
  return !o.qk_norm && !o.gate && !o.qkv_bias && wants_fused_block(x.device().type(), o.fused) &&
         network_observer() == nullptr && can_fuse_block(x, weights());
}

at::Tensor Block::Layers::forward(at::Tensor x, const at::Tensor& skip) {
  // A node of the block's own: gradients of x add up inside the block first, then with those of a skip
  // connection, in the same order with and without recomputation, and so to the same bits.
  x = x.view_as(x);
  if (!skip_linear.is_empty()) x = skip_linear->forward(at::cat({x, skip}, -1));
  x = x + attn->forward(norm1->forward(x));
  const at::Tensor change = mlp->forward(norm2->forward(x)), out = x + change;
  if (auto* observer = network_observer()) {
    observer->mlp(change);
    observer->block(out);
  }
  return out;
}

at::Tensor Block::Layers::evaluate(at::Tensor x, const at::Tensor& skip, PreparedWeights& weights) {
  if (!skip_linear.is_empty()) x = weights.of(skip_linear)({.x = x, .beside = skip});
  return mlp->add_to(attn->add_to(x, norm1, weights), norm2, weights);
}

at::Tensor Block::forward(const at::Tensor& x, const at::Tensor& skip) {
  if (auto* weights = prepared_weights()) return layers_.evaluate(x, skip, *weights);
  // One decision for both times that a recomputed block runs.
  const bool fused = layers_.fuses(x);
  if (!at::GradMode::is_enabled())
    return fused ? fused_block(x, skip, layers_.weights()) : layers_.forward(x, skip);
  std::vector<at::Tensor> inputs = {x};
  if (!layers_.skip_linear.is_empty()) inputs.push_back(skip);
  auto run = [layers = layers_, fused](const std::vector<at::Tensor>& in) mutable {
    const at::Tensor joined = in.size() > 1 ? in[1] : at::Tensor();
    return fused ? fused_block(in[0], joined, layers.weights()) : layers.forward(in[0], joined);
  };
  return recompute_ ? recompute_in_backward(run, inputs, parameters()) : run(inputs);
}

}  // namespace uvic
