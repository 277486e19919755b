#include "nn/cogformer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>

#include <cmath>

#include "kernels/cog_attention.h"
#include "nn/cogformer_layers.h"

namespace uvic {

using at::Tensor;
using torch::nn::Embedding;
using torch::nn::Linear;
using torch::nn::LinearOptions;
using torch::nn::ModuleList;

Tensor document_bounds(const Tensor& tokens, int64_t bos) {
  if (bos < 0) return {};
  const Tensor cpu = tokens.to(at::kCPU).contiguous();
  const int64_t T = cpu.size(1), n = cpu.numel();
  const int64_t* data = cpu.const_data_ptr<int64_t>();
  std::vector<int64_t> bounds;
  for (int64_t i = 0; i < n; ++i) {
    if (i % T == 0 || data[i] == bos) bounds.push_back(i);
  }
  if (int64_t(bounds.size()) == cpu.size(0)) return {};
  bounds.push_back(n);
  return at::tensor(bounds, at::kLong);
}

Cogformer::Cogformer(const CogformerOptions& options)
    : options_(options), fused_(fused_attention(options.attention_kernel)) {
  options_.validate();
  embedding_ = register_module("embedding", Embedding(options_.vocab_size, options_.dim));
  ModuleList layers;
  for (int64_t i = 0; i < options_.n_layers; ++i) {
    layers_.push_back(std::make_shared<CogformerBlock>(options_, options_.attention_kind(i)));
    layers->push_back(layers_.back());
  }
  register_module("layers", layers);
  norm_ = register_module("norm", std::make_shared<RmsNorm>(options_.dim, options_.norm_eps));
  output_ = register_module("output", Linear(LinearOptions(options_.dim, options_.vocab_size).bias(false)));
  rotation_ = rotary_angles(options_.max_seq_length, options_.head_dim(), options_.rope_theta);
  initialise();
}

void Cogformer::initialise() {
  const at::NoGradGuard no_grad;
  const double to_residual = 0.02 / std::sqrt(2.0 * double(options_.n_layers));
  for (auto& item : named_parameters()) {
    if (item.value().dim() == 2) item.value().normal_(0, item.key().ends_with(".ow") ? to_residual : 0.02);
  }
}

void Cogformer::check_tokens(const Tensor& tokens) const {
  TORCH_CHECK(tokens.dim() == 2 && tokens.scalar_type() == at::kLong,
              "Cogformer: tokens must be int64 [B, T], got ", c10::getDtypeNames(tokens.scalar_type()).first,
              " ", tokens.sizes());
  TORCH_CHECK(tokens.size(1) <= options_.max_seq_length, "Cogformer: at most ", options_.max_seq_length,
              " tokens of context, got ", tokens.sizes());
}

Tensor Cogformer::representations(const Tensor& tokens) {
  check_tokens(tokens);
  const Tensor bounds = document_bounds(tokens, options_.bos_token);
  const auto documents = bounds.defined() ? std::optional(bounds) : std::nullopt;
  const auto attend = [documents, fused = fused_](AttentionKind kind, const Tensor& q, const Tensor& k,
                                                  const Tensor& v) {
    return std::get<0>(attention(kind, q, k, v, {}, /*causal=*/true, fused, documents));
  };
  if (rotation_.device() != tokens.device()) rotation_ = rotation_.to(tokens.device());
  const Tensor rotation = rotation_.slice(0, 0, tokens.size(1));
  Tensor hidden = embedding_->forward(tokens);
  for (const auto& layer : layers_) hidden = layer->forward(hidden, rotation, attend);
  return hidden;
}

Tensor Cogformer::logits(const Tensor& representations) {
  return output_->forward(norm_->forward(representations));
}

Tensor Cogformer::forward(const Tensor& tokens) {
  return logits(representations(tokens));
}

}  // namespace uvic
