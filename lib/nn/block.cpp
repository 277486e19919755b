#include "nn/block.h"

#include <ATen/ATen.h>

#include "nn/checkpoint.h"

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

Block::Block(const BlockOptions& options) : use_checkpoint_(options.use_checkpoint) {
  const int64_t dim = options.attention.dim;
  norm1_ = register_module("norm1", LayerNorm(LayerNormOptions({dim})));
  attn_ = register_module("attn", std::make_shared<Attention>(options.attention));
  norm2_ = register_module("norm2", LayerNorm(LayerNormOptions({dim})));
  mlp_ = register_module("mlp", std::make_shared<Mlp>(dim, options.mlp_hidden));
  if (options.skip) skip_linear_ = register_module("skip_linear", Linear(2 * dim, dim));
}

at::Tensor Block::compute(at::Tensor x, const at::Tensor& skip) {
  // A node of the block's own: gradients of x add up inside the block first, then with those of a skip
  // connection, in the same order with and without checkpointing, and so to the same bits.
  x = x.view_as(x);
  if (!skip_linear_.is_empty()) x = skip_linear_->forward(at::cat({x, skip}, -1));
  x = x + attn_->forward(norm1_->forward(x));
  return x + mlp_->forward(norm2_->forward(x));
}

at::Tensor Block::forward(const at::Tensor& x, const at::Tensor& skip) {
  if (!use_checkpoint_ || !at::GradMode::is_enabled()) return compute(x, skip);
  std::vector<at::Tensor> inputs = {x};
  if (!skip_linear_.is_empty()) inputs.push_back(skip);
  return checkpoint(
      [this](const std::vector<at::Tensor>& in) {
        return compute(in[0], in.size() > 1 ? in[1] : at::Tensor());
      },
      inputs, parameters());
}

}  // namespace uvic
