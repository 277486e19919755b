#include "nn/text_transformer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/modulelist.h>

#include "nn/init.h"

namespace uvic {
namespace {

constexpr int64_t kMlpRatio = 4;

}  // namespace

TextTransformer::TextTransformer(const TextTransformerOptions& options) : options_(options) {
  const int64_t dim = options.dim;
  token_embedding_ = register_module("token_embedding", torch::nn::Embedding(options.vocab_size, dim));
  positional_embedding_ = register_parameter("positional_embedding", at::zeros({options.length, dim}));
  torch::nn::ModuleList blocks;
  for (int64_t i = 0; i < options.depth; ++i) {
    const AttentionOptions attention = {
        .dim = dim, .num_heads = options.num_heads, .kind = AttentionKind::kSoftmax, .fused = {}};
    blocks_.push_back(
        std::make_shared<Block>(BlockOptions{.attention = attention, .mlp_hidden = kMlpRatio * dim}));
    blocks->push_back(blocks_.back());
  }
  register_module("blocks", blocks);
  norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})));
  const at::NoGradGuard no_grad;
  trunc_normal_(token_embedding_->weight, 0.02);
  trunc_normal_(positional_embedding_, 0.02);
}

at::Tensor TextTransformer::forward(const at::Tensor& ids) {
  TORCH_CHECK(ids.scalar_type() == at::kLong && ids.dim() == 2 && ids.size(1) == options_.length,
              "TextTransformer: ids must be int64 [B, ", options_.length, "], got ", ids.scalar_type(), " ",
              ids.sizes());
  at::Tensor hidden = token_embedding_->forward(ids) + positional_embedding_;
  for (const auto& block : blocks_) hidden = block->forward(hidden);
  return norm_->forward(hidden);
}

}  // namespace uvic
