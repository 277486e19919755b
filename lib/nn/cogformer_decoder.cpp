#include "nn/cogformer_decoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "kernels/cog_attention.h"
#include "kernels/decode.h"
#include "kernels/rows.h"
#include "nn/cogformer_layers.h"
#include "nn/parameters.h"

namespace uvic {
namespace {

using at::Tensor;

// x [n, in] weight^T, as wide as x.
Tensor product(const Tensor& x, const Tensor& weight) {
  if (takes_rows(x, weight)) return linear_of_rows(x, weight);
  return at::linear(x.to(weight.scalar_type()), weight).to(x.scalar_type());
}

}  // namespace

CogformerDecoder::CogformerDecoder(const Cogformer& model, c10::ScalarType dtype)
    : options_(model.options()), dtype_(dtype), wide_(dtype == at::kDouble ? at::kDouble : at::kFloat) {
  const at::NoGradGuard no_grad;
  const auto weights = named_weights(model);
  const auto wide = [&](const std::string& name) { return weights.at(name).to(wide_); };
  // [in, out] each -> [out of all, in].
  const auto joined = [&](const std::vector<std::string>& names) {
    std::vector<Tensor> parts;
    for (const std::string& name : names) parts.push_back(weights.at(name).t());
    return at::cat(parts).to(dtype_).contiguous();
  };
  embedding_ = weights.at("embedding.weight").to(dtype_);
  norm_ = wide("norm.weight");
  output_ = weights.at("output.weight").to(dtype_).contiguous();
  for (int64_t i = 0; i < options_.n_layers; ++i) {
    const std::string at = "layers." + std::to_string(i) + ".", expert = at + "ffn.shared_experts.0.";
    layers_.push_back({.kind = options_.attention_kind(i),
                       .attention_norm = wide(at + "attention_norm.weight"),
                       .qkv = joined({at + "attention.qw", at + "attention.kw", at + "attention.vw"}),
                       .attention_out = joined({at + "attention.ow"}),
                       .ffn_norm = wide(at + "ffn_norm.weight"),
                       .gate_and_value = joined({expert + "pw", expert + "gw"}),
                       .ffn_out = joined({expert + "ow"})});
  }
  rotation_ = rotary_angles(options_.max_seq_length, options_.head_dim(), options_.rope_theta)
                  .to(embedding_.device());
}

KeyValueCache CogformerDecoder::new_cache(int64_t rows, int64_t capacity) const {
  return {options_, rows, capacity, dtype_, embedding_.device()};
}

Tensor CogformerDecoder::norm(const Tensor& x, const Tensor& weight) const {
  return rms_norm(x, weight, options_.norm_eps);
}

Tensor CogformerDecoder::logits(const Tensor& x) const {
  return product(norm(x, norm_), output_);
}

// tokens [n] at `positions` [n] -> what the last block gives, [n, dim].
Tensor CogformerDecoder::run(const Tensor& tokens, const Tensor& positions, const Attend& attend) const {
  const int64_t n = tokens.size(0), H = options_.n_heads, D = options_.head_dim();
  const auto device = embedding_.device();
  const Tensor rotation = rotation_.index_select(0, positions.to(device));
  Tensor x = at::embedding(embedding_, tokens.to(device)).to(wide_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const auto parts = product(norm(x, layer.attention_norm), layer.qkv).view({1, n, 3 * H, D}).split(H, 2);
    const Tensor attended =
        attend(i, rotate(parts[0], rotation)[0], rotate(parts[1], rotation)[0], parts[2][0]);
    x = x + product(attended.reshape({n, H * D}), layer.attention_out);
    const auto hidden = product(norm(x, layer.ffn_norm), layer.gate_and_value).chunk(2, 1);
    x = x + product(swiglu(hidden[1], hidden[0]), layer.ffn_out);
  }
  return x;
}

// Queries [H, T, D], the last of M keys and values [1, H, M, D] -> [H, T, D].
Tensor CogformerDecoder::attend(AttentionKind kind, const Tensor& q, const Tensor& keys,
                                const Tensor& values) const {
  const auto fused = fused_attention(options_.attention_kernel);
  return std::get<0>(attention(kind, q.unsqueeze(0).to(dtype_), keys, values, {}, /*causal=*/true, fused))[0]
      .to(wide_);
}

void CogformerDecoder::check_room(const KeyValueCache& cache, int64_t row, const Tensor& tokens) const {
  TORCH_CHECK(tokens.dim() == 1 && tokens.numel() > 0 && tokens.scalar_type() == at::kLong,
              "CogformerDecoder: tokens must be int64 [T], got ", tokens.sizes());
  const int64_t room = std::min(cache.capacity(), options_.max_seq_length) - cache.length(row);
  TORCH_CHECK(tokens.size(0) <= room, "CogformerDecoder: row ", row, " of the cache has room for ", room,
              " tokens, not for ", tokens.size(0));
}

Tensor CogformerDecoder::extend(KeyValueCache& cache, int64_t row, const Tensor& tokens) const {
  const at::NoGradGuard no_grad;
  check_room(cache, row, tokens);
  const auto attend_in_row = [&](size_t layer, const Tensor& q, const Tensor& k, const Tensor& v) {
    const auto heads_first = [](const Tensor& rows) { return rows.transpose(0, 1); };
    const auto [keys, values] = cache.append(layer, row, heads_first(k), heads_first(v));
    return heads_first(attend(layers_[layer].kind, heads_first(q), keys, values));
  };
  Tensor last;
  const Tensor bounds = document_bounds(tokens.unsqueeze(0), options_.bos_token);
  const int64_t documents = bounds.defined() ? bounds.size(0) - 1 : 1;
  for (int64_t i = 0; i < documents; ++i) {
    const Tensor part =
        bounds.defined() ? tokens.slice(0, bounds[i].item<int64_t>(), bounds[i + 1].item<int64_t>()) : tokens;
    if (part[0].item<int64_t>() == options_.bos_token) cache.begin_document(row);
    const int64_t length = cache.length(row), T = part.size(0);
    last = run(part, at::arange(length, length + T), attend_in_row).slice(0, T - 1);
    cache.advance(row, T);
  }
  return logits(last)[0];
}

Tensor CogformerDecoder::step(KeyValueCache& cache, const std::vector<int64_t>& rows,
                              const Tensor& tokens) const {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(tokens.size(0) == int64_t(rows.size()), "CogformerDecoder: tokens must be [", rows.size(),
              "], got ", tokens.sizes());
  std::vector<int64_t> positions;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Tensor token = tokens.slice(0, int64_t(i), int64_t(i) + 1);
    check_room(cache, rows[i], token);
    if (token.item<int64_t>() == options_.bos_token) cache.begin_document(rows[i]);
    positions.push_back(cache.length(rows[i]));
  }
  const bool by_rows = embedding_.is_cpu() && wide_ == at::kFloat;
  const auto attend_in_rows = [&](size_t layer, const Tensor& q, const Tensor& k, const Tensor& v) {
    std::vector<Tensor> out;
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto at = int64_t(i);
      const auto [keys, values] = cache.append(layer, rows[i], k[at].unsqueeze(1), v[at].unsqueeze(1));
      const AttentionKind kind = layers_[layer].kind;
      out.push_back(by_rows && has_decode_kernel(kind)
                        ? attend_one(kind, q[at], keys[0], values[0])
                        : attend(kind, q[at].unsqueeze(1), keys, values).squeeze(1));
    }
    return at::stack(out);
  };
  const Tensor found = logits(run(tokens, at::tensor(positions), attend_in_rows));
  for (const int64_t row : rows) cache.advance(row, 1);
  return found;
}

}  // namespace uvic
