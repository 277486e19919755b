#include "nn/clip_text.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/dtype.h"
#include "kernels/cog_attention.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr auto kTokens = "embeddings.token_embedding.weight",
               kPositions = "embeddings.position_embedding.weight", kFinalNorm = "final_layer_norm";

std::string clip_layer(int64_t index, const char* part) {
  return c10::str("encoder.layers.", index, ".", part);
}

}  // namespace

ParameterShapes parameter_shapes(const ClipTextOptions& o) {
  ParameterShapes shapes;
  const auto add = [&](const std::string& name, std::vector<int64_t> weight) {
    shapes[name + ".bias"] = {weight.front()};
    shapes[name + ".weight"] = std::move(weight);
  };
  shapes[kTokens] = {o.vocab_size, o.dim};
  shapes[kPositions] = {o.length, o.dim};
  for (int64_t i = 0; i < o.layers; ++i) {
    for (const char* norm : {"layer_norm1", "layer_norm2"}) add(clip_layer(i, norm), {o.dim});
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"})
      add(clip_layer(i, "self_attn.") + part, {o.dim, o.dim});
    add(clip_layer(i, "mlp.fc1"), {o.hidden_dim, o.dim});
    add(clip_layer(i, "mlp.fc2"), {o.dim, o.hidden_dim});
  }
  add(kFinalNorm, {o.dim});
  return shapes;
}

ClipText::ClipText(const ClipTextOptions& options, const std::map<std::string, Tensor>& weights,
                   const std::string& source, c10::Device device)
    : options_(options) {
  TORCH_CHECK(options_.heads > 0 && options_.dim % options_.heads == 0, "ClipText: ", options_.heads,
              " heads of ", options_.dim);
  check_weights(parameter_shapes(options_), weights, source);
  const at::NoGradGuard no_grad;
  const auto take = [&](const std::string& name) { return weights.at(name).to(device, at::kFloat); };
  const auto pair = [&](const std::string& name) {
    return Pair{take(name + ".weight"), take(name + ".bias")};
  };
  tokens_ = take(kTokens);
  positions_ = take(kPositions);
  for (int64_t i = 0; i < options_.layers; ++i) {
    const Pair q = pair(clip_layer(i, "self_attn.q_proj")), k = pair(clip_layer(i, "self_attn.k_proj")),
               v = pair(clip_layer(i, "self_attn.v_proj"));
    layers_.push_back({.norm1 = pair(clip_layer(i, "layer_norm1")),
                       .qkv = {at::cat({q.weight, k.weight, v.weight}), at::cat({q.bias, k.bias, v.bias})},
                       .out = pair(clip_layer(i, "self_attn.out_proj")),
                       .norm2 = pair(clip_layer(i, "layer_norm2")),
                       .fc1 = pair(clip_layer(i, "mlp.fc1")),
                       .fc2 = pair(clip_layer(i, "mlp.fc2"))});
  }
  final_norm_ = pair(kFinalNorm);
}

std::map<std::string, Tensor> ClipText::weights() const {
  std::map<std::string, Tensor> found = {{kTokens, tokens_}, {kPositions, positions_}};
  const auto put = [&](const std::string& name, const Pair& pair) {
    found[name + ".weight"] = pair.weight;
    found[name + ".bias"] = pair.bias;
  };
  for (int64_t i = 0; i < options_.layers; ++i) {
    const Layer& layer = layers_[size_t(i)];
    put(clip_layer(i, "layer_norm1"), layer.norm1);
    put(clip_layer(i, "layer_norm2"), layer.norm2);
    const auto weights = layer.qkv.weight.chunk(3), biases = layer.qkv.bias.chunk(3);
    const char* const parts[] = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"};
    for (size_t j = 0; j < 3; ++j) put(clip_layer(i, parts[j]), {weights[j], biases[j]});
    put(clip_layer(i, "self_attn.out_proj"), layer.out);
    put(clip_layer(i, "mlp.fc1"), layer.fc1);
    put(clip_layer(i, "mlp.fc2"), layer.fc2);
  }
  put(kFinalNorm, final_norm_);
  return found;
}

Tensor ClipText::norm(const Tensor& x, const Pair& norm) const {
  return at::layer_norm(x, {options_.dim}, norm.weight, norm.bias, options_.norm_eps);
}

Tensor ClipText::activated(const Tensor& x) const {
  return options_.activation == ClipActivation::kGelu ? at::gelu(x) : at::mul(x, 1.702).sigmoid_().mul_(x);
}

Tensor ClipText::attend(const Tensor& x, const Layer& layer) const {
  const int64_t B = x.size(0), T = x.size(1), H = options_.heads, D = options_.dim / H;
  const auto packed = at::linear(x, layer.qkv.weight, layer.qkv.bias).view({B, T, 3, H, D}).unbind(2);
  const Tensor q = packed[0].transpose(1, 2), k = packed[1].transpose(1, 2), v = packed[2].transpose(1, 2);
  const Tensor out = std::get<0>(attention(AttentionKind::kSoftmax, q, k, v, {}, /*causal=*/true));
  return at::linear(out.transpose(1, 2).reshape({B, T, H * D}), layer.out.weight, layer.out.bias);
}

Tensor ClipText::forward(const Tensor& ids) const {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(ids.dim() == 2 && ids.scalar_type() == at::kLong && ids.size(1) <= options_.length,
              "ClipText: ids must be int64 [B, T], T <= ", options_.length, ", got ",
              dtype_name(ids.scalar_type()), " ", ids.sizes());
  if (ids.is_cpu() && ids.numel() > 0)
    TORCH_CHECK(ids.min().item<int64_t>() >= 0 && ids.max().item<int64_t>() < options_.vocab_size,
                "ClipText: ids must be 0 to ", options_.vocab_size - 1, ", got ", ids.min().item<int64_t>(),
                " to ", ids.max().item<int64_t>());
  Tensor x = at::embedding(tokens_, ids) + positions_.slice(0, 0, ids.size(1));
  for (const Layer& layer : layers_) {
    x = x + attend(norm(x, layer.norm1), layer);
    const Tensor hidden = activated(at::linear(norm(x, layer.norm2), layer.fc1.weight, layer.fc1.bias));
    x = x + at::linear(hidden, layer.fc2.weight, layer.fc2.bias);
  }
  return norm(x, final_norm_);
}

}  // namespace uvic
