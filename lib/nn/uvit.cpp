#include "nn/uvit.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "nn/init.h"
#include "nn/observe.h"
#include "nn/prepared.h"

namespace uvic {

using at::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Embedding;
using torch::nn::LayerNorm;
using torch::nn::LayerNormOptions;
using torch::nn::Linear;
using torch::nn::ModuleList;

UViT::UViT(const ModelOptions& options) : options_(options) {
  options_.validate();
  const int64_t dim = options_.embed_dim, half = options_.depth / 2;
  patch_embed_ = register_module("patch_embed",
                                 std::make_shared<PatchEmbed>(options_.patch_size, options_.in_chans, dim));
  if (options_.mlp_time_embed)
    time_embed_ = register_module("time_embed", std::make_shared<TimeEmbedMlp>(dim));
  if (options_.conditional()) label_emb_ = register_module("label_emb", Embedding(options_.num_classes, dim));
  if (options_.learns_text())
    text_encoder_ = register_module("text_encoder", std::make_shared<TextTransformer>(TextTransformerOptions{
                                                        .vocab_size = options_.text_vocab,
                                                        .length = options_.num_clip_token,
                                                        .dim = options_.clip_dim,
                                                        .depth = options_.text_depth,
                                                        .num_heads = options_.text_heads}));
  if (options_.has_context())
    context_embed_ = register_module("context_embed", Linear(options_.clip_dim, dim));
  pos_embed_ = register_parameter("pos_embed", at::zeros({1, options_.num_tokens(), dim}));

  ModuleList in_blocks, out_blocks;
  for (int64_t i = 0; i < half; ++i) in_blocks_.push_back(make_block(i, false));
  mid_block_ = make_block(half, false);
  for (int64_t i = 0; i < half; ++i) out_blocks_.push_back(make_block(half + 1 + i, options_.skip));
  for (const auto& block : in_blocks_) in_blocks->push_back(block);
  for (const auto& block : out_blocks_) out_blocks->push_back(block);
  register_module("in_blocks", in_blocks);
  register_module("mid_block", mid_block_);
  register_module("out_blocks", out_blocks);

  norm_ = register_module("norm", LayerNorm(LayerNormOptions({dim})));
  decoder_pred_ = register_module("decoder_pred",
                                  Linear(dim, options_.patch_size * options_.patch_size * options_.in_chans));
  if (options_.conv) {
    final_layer_ = register_module("final_layer",
                                   Conv2d(Conv2dOptions(options_.in_chans, options_.in_chans, 3).padding(1)));
  }
  initialise();
}

std::shared_ptr<Block> UViT::make_block(int64_t index, bool skip) {
  const int64_t dim = options_.embed_dim;
  return std::make_shared<Block>(BlockOptions{
      .attention = {dim, options_.num_heads, options_.qkv_bias, options_.attention_kind(index),
                    fused_attention(options_.attention_kernel), options_.qk_norm, options_.attention_gate},
      .mlp_hidden = dim * options_.mlp_ratio,
      .skip = skip,
      .recompute = options_.use_checkpoint,
  });
}

void UViT::initialise() {
  const at::NoGradGuard no_grad;
  trunc_normal_(pos_embed_, 0.02);
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* linear = module->as<torch::nn::LinearImpl>()) {
      trunc_normal_(linear->weight, 0.02);
      if (linear->bias.defined()) linear->bias.zero_();
    }
  }
  // Last, so that all else is drawn as without gates.
  for (auto& item : named_parameters()) {
    if (item.key().ends_with(".attn.gate.weight")) trunc_normal_(item.value(), 0.02);
  }
}

void UViT::check_inputs(const Tensor& x, const Tensor& timesteps, const Tensor& labels,
                        const Tensor& context) const {
  const auto& o = options_;
  TORCH_CHECK(x.dim() == 4 && x.size(1) == o.in_chans && x.size(2) == o.height() && x.size(3) == o.width(),
              "UViT: x must be [B, ", o.in_chans, ", ", o.height(), ", ", o.width(), "], got ", x.sizes());
  const int64_t B = x.size(0);
  TORCH_CHECK(timesteps.dim() == 1 && timesteps.size(0) == B, "UViT: timesteps must be [", B, "], got ",
              timesteps.sizes());
  TORCH_CHECK(labels.defined() == o.conditional(),
              o.conditional() ? "UViT: this model is class-conditional; labels are missing"
                              : "UViT: this model is unconditional; it takes no labels");
  const bool shares = labels.defined() && labels.is_floating_point();
  TORCH_CHECK(!labels.defined() || shares || (labels.dim() == 1 && labels.size(0) == B),
              "UViT: labels must be [", B, "], got ", labels.sizes());
  TORCH_CHECK(!shares || labels.sizes() == at::IntArrayRef({B, o.num_classes}),
              "UViT: shares of labels must be [", B, ", ", o.num_classes, "], got ", labels.sizes());
  TORCH_CHECK(context.defined() == o.has_context(),
              o.has_context() ? "UViT: this model has context tokens; context is missing"
                              : "UViT: this model has no context tokens; it takes no context");
  const bool ids = o.learns_text() && context.defined() && context.dim() == 2;
  TORCH_CHECK(!ids || context.sizes() == at::IntArrayRef({B, o.num_clip_token}),
              "UViT: context must be token ids [", B, ", ", o.num_clip_token, "], got ", context.sizes());
  TORCH_CHECK(
      !context.defined() || ids || context.sizes() == at::IntArrayRef({B, o.num_clip_token, o.clip_dim}),
      "UViT: context must be [", B, ", ", o.num_clip_token, ", ", o.clip_dim, "], got ", context.sizes());
}

Tensor UViT::encode_context(const Tensor& context) {
  return text_encoder_ && context.dim() == 2 ? text_encoder_->forward(context) : context;
}

// [B, C]: looked up, or mixed of all; in full precision, as looking up is.
Tensor UViT::label_token(const Tensor& labels) {
  if (!labels.is_floating_point()) return label_emb_->forward(labels);
  const c10::impl::ExcludeDispatchKeyGuard full_precision(c10::autocast_dispatch_keyset);
  return at::matmul(labels, label_emb_->weight);
}

// Tokens in order [label,] time, [context,] patches: [B, N, C].
Tensor UViT::embed(const Tensor& x, const Tensor& timesteps, const Tensor& labels, const Tensor& context) {
  const int64_t B = x.size(0);
  std::vector<Tensor> tokens;
  if (options_.conditional()) tokens.push_back(label_token(labels).view({B, 1, -1}));
  const Tensor time = timestep_embedding(timesteps, options_.embed_dim).to(pos_embed_.scalar_type());
  tokens.push_back((time_embed_ ? time_embed_->forward(time) : time).view({B, 1, -1}));
  if (options_.has_context()) tokens.push_back(context_embed_->forward(encode_context(context)));
  tokens.push_back(patch_embed_->forward(x));
  return at::cat(tokens, 1) + pos_embed_;
}

Tensor UViT::forward(const Tensor& x, const Tensor& timesteps, const Tensor& labels, const Tensor& context) {
  const auto& o = options_;
  check_inputs(x, timesteps, labels, context);
  NetworkObserver* observer = network_observer();
  if (observer != nullptr) observer->begin(x, timesteps);
  Tensor hidden = embed(x, timesteps, labels, context);
  std::vector<Tensor> skips;
  for (const auto& block : in_blocks_) skips.push_back(hidden = block->forward(hidden));
  hidden = mid_block_->forward(hidden);
  for (const auto& block : out_blocks_) {
    hidden = block->forward(hidden, o.skip ? skips.back() : Tensor());
    skips.pop_back();
  }
  if (auto* weights = prepared_weights()) {
    hidden = weights->exact(decoder_pred_)(normed(norm_, hidden));
  } else {
    hidden = decoder_pred_->forward(norm_->forward(hidden));
  }
  if (observer != nullptr) observer->projection(hidden);
  hidden = hidden.slice(1, o.extras());
  Tensor image = unpatchify(hidden, o.in_chans, o.patch_size, o.height(), o.width());
  if (!final_layer_.is_empty()) image = final_layer_->forward(image);
  return image.to(pos_embed_.scalar_type());
}

}  // namespace uvic
