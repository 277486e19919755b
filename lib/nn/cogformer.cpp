#include "nn/cogformer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
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

void Cogformer::check_room(const KeyValueCache& cache, int64_t row, int64_t tokens) const {
  const int64_t room = std::min(cache.capacity(), options_.max_seq_length) - cache.length(row);
  TORCH_CHECK(tokens <= room, "Cogformer: row ", row, " of the cache has room for ", room,
              " tokens, not for ", tokens);
}

Tensor Cogformer::run(const Tensor& tokens, const Tensor& rotation, const Attend& attend) {
  Tensor hidden = embedding_->forward(tokens);
  for (const auto& layer : layers_) hidden = layer->forward(hidden, rotation, attend);
  return hidden;
}

Tensor Cogformer::representations(const Tensor& tokens) {
  check_tokens(tokens);
  const Tensor bounds = document_bounds(tokens, options_.bos_token);
  const auto documents = bounds.defined() ? std::optional(bounds) : std::nullopt;
  const auto attend = [documents, fused = fused_](AttentionKind kind, const Tensor& q, const Tensor& k,
                                                  const Tensor& v) {
    return std::get<0>(attention(kind, q, k, v, {}, /*causal=*/true, fused, documents));
  };
  return run(tokens, rotations(at::arange(tokens.size(1))), attend);
}

Tensor Cogformer::logits(const Tensor& representations) {
  return output_->forward(norm_->forward(representations));
}

Tensor Cogformer::forward(const Tensor& tokens) {
  return logits(representations(tokens));
}

Tensor Cogformer::extend(KeyValueCache& cache, int64_t row, const Tensor& tokens) {
  check_tokens(tokens.unsqueeze(0));
  check_room(cache, row, tokens.size(0));
  const Tensor bounds = document_bounds(tokens.unsqueeze(0), options_.bos_token);
  std::vector<Tensor> parts;  // a document's tokens each
  if (!bounds.defined()) parts.push_back(tokens);
  for (int64_t i = 0; bounds.defined() && i + 1 < bounds.size(0); ++i)
    parts.push_back(tokens.slice(0, bounds[i].item<int64_t>(), bounds[i + 1].item<int64_t>()));
  std::vector<Tensor> found;
  for (const Tensor& part : parts) {
    if (part[0].item<int64_t>() == options_.bos_token) cache.begin_document(row);
    const int64_t length = cache.length(row), T = part.size(0);
    const auto attend = [&, layer = size_t(0)](AttentionKind kind, const Tensor& q, const Tensor& k,
                                               const Tensor& v) mutable {
      const auto [keys, values] = cache.append(layer++, row, k[0], v[0]);
      return std::get<0>(attention(kind, q, keys, values, {}, /*causal=*/true, fused_));
    };
    found.push_back(logits(run(part.unsqueeze(0), rotations(at::arange(length, length + T)), attend))[0]);
    cache.advance(row, T);
  }
  return found.size() == 1 ? found[0] : at::cat(found);
}

Tensor Cogformer::step(KeyValueCache& cache, const std::vector<int64_t>& rows, const Tensor& tokens) {
  TORCH_CHECK(tokens.dim() == 1 && tokens.size(0) == int64_t(rows.size()), "Cogformer: tokens must be [",
              rows.size(), "], got ", tokens.sizes());
  check_tokens(tokens.unsqueeze(1));
  std::vector<int64_t> positions;
  for (size_t i = 0; i < rows.size(); ++i) {
    check_room(cache, rows[i], 1);
    if (tokens[int64_t(i)].item<int64_t>() == options_.bos_token) cache.begin_document(rows[i]);
    positions.push_back(cache.length(rows[i]));
  }
  const auto attend = [&, layer = size_t(0)](AttentionKind kind, const Tensor& q, const Tensor& k,
                                             const Tensor& v) mutable {
    std::vector<Tensor> out;
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto at = int64_t(i);
      const auto [keys, values] = cache.append(layer, rows[i], k[at], v[at]);
      out.push_back(
          std::get<0>(attention(kind, q.narrow(0, at, 1), keys, values, {}, /*causal=*/true, fused_)));
    }
    ++layer;
    return out.size() == 1 ? out[0] : at::cat(out);
  };
  const Tensor found = logits(run(tokens.unsqueeze(1), rotations(at::tensor(positions)), attend)).squeeze(1);
  for (const int64_t row : rows) cache.advance(row, 1);
  return found;
}

Tensor Cogformer::rotations(const Tensor& positions) {
  if (rotation_.device() != embedding_->weight.device())
    rotation_ = rotation_.to(embedding_->weight.device());
  return rotation_.index_select(0, positions.to(rotation_.device()));
}

}  // namespace uvic
