#include "nn/parameter_shapes.h"

#include <c10/util/StringUtil.h>
#include <c10/util/accumulate.h>

namespace uvic {
namespace {

using Shapes = ParameterShapes;

void add_linear(Shapes& shapes, const std::string& name, int64_t in, int64_t out, bool bias = true) {
  shapes[name + ".weight"] = {out, in};
  if (bias) shapes[name + ".bias"] = {out};
}

void add_norm(Shapes& shapes, const std::string& name, int64_t dim) {
  shapes[name + ".weight"] = shapes[name + ".bias"] = {dim};
}

void add_convolution(Shapes& shapes, const std::string& name, int64_t in, int64_t out, int64_t side) {
  shapes[name + ".weight"] = {out, in, side, side};
  shapes[name + ".bias"] = {out};
}

void add_block(Shapes& shapes, const std::string& name, int64_t dim, int64_t mlp_ratio, bool qkv_bias,
               bool skip) {
  add_norm(shapes, name + ".norm1", dim);
  add_linear(shapes, name + ".attn.qkv", dim, 3 * dim, qkv_bias);
  add_linear(shapes, name + ".attn.proj", dim, dim);
  add_norm(shapes, name + ".norm2", dim);
  add_linear(shapes, name + ".mlp.fc1", dim, mlp_ratio * dim);
  add_linear(shapes, name + ".mlp.fc2", mlp_ratio * dim, dim);
  if (skip) add_linear(shapes, name + ".skip_linear", 2 * dim, dim);
}

void add_block(Shapes& shapes, const std::string& name, const ModelOptions& o, bool skip) {
  add_block(shapes, name, o.embed_dim, o.mlp_ratio, o.qkv_bias, skip);
  if (o.qk_norm) shapes[name + ".attn.q_norm.weight"] = shapes[name + ".attn.k_norm.weight"] = {o.head_dim()};
  if (o.attention_gate) add_linear(shapes, name + ".attn.gate", o.embed_dim, o.embed_dim, /*bias=*/false);
}

void add_text_encoder(Shapes& shapes, const std::string& name, const ModelOptions& o) {
  shapes[name + ".token_embedding.weight"] = {o.text_vocab, o.clip_dim};
  shapes[name + ".positional_embedding"] = {o.num_clip_token, o.clip_dim};
  for (int64_t i = 0; i < o.text_depth; ++i)
    add_block(shapes, c10::str(name, ".blocks.", i), o.clip_dim, 4, false, false);
  add_norm(shapes, name + ".norm", o.clip_dim);
}

}  // namespace

Shapes parameter_shapes(const ModelOptions& o) {
  o.validate();
  const int64_t dim = o.embed_dim;
  Shapes shapes;
  add_convolution(shapes, "patch_embed.proj", o.in_chans, dim, o.patch_size);
  if (o.mlp_time_embed) {
    add_linear(shapes, "time_embed.0", dim, 4 * dim);
    add_linear(shapes, "time_embed.2", 4 * dim, dim);
  }
  if (o.conditional()) shapes["label_emb.weight"] = {o.num_classes, dim};
  if (o.learns_text()) add_text_encoder(shapes, "text_encoder", o);
  if (o.has_context()) add_linear(shapes, "context_embed", o.clip_dim, dim);
  shapes["pos_embed"] = {1, o.num_tokens(), dim};
  for (int64_t i = 0; i < o.depth / 2; ++i) {
    add_block(shapes, c10::str("in_blocks.", i), o, false);
    add_block(shapes, c10::str("out_blocks.", i), o, o.skip);
  }
  add_block(shapes, "mid_block", o, false);
  add_norm(shapes, "norm", dim);
  add_linear(shapes, "decoder_pred", dim, o.patch_size * o.patch_size * o.in_chans);
  if (o.conv) add_convolution(shapes, "final_layer", o.in_chans, o.in_chans, 3);
  return shapes;
}

int64_t count_parameters(const ModelOptions& options) {
  int64_t count = 0;
  for (const auto& [name, shape] : parameter_shapes(options)) count += c10::multiply_integers(shape);
  return count;
}

double forward_flops(const ModelOptions& o) {
  const double C = double(o.embed_dim), N = double(o.num_tokens()), patches = double(o.num_patches());
  const double patch_dim = double(o.patch_size * o.patch_size * o.in_chans);
  const double projections = o.attention_gate ? 5 : 4;               // qkv, proj and the gate
  const double attention = projections * C * C * N + 2 * N * N * C;  // Q K^T and W V
  const double mlp = 2 * double(o.mlp_ratio) * C * C * N;
  double total = double(o.depth + 1) * (attention + mlp);
  if (o.skip) total += double(o.depth / 2) * 2 * C * C * N;
  if (o.mlp_time_embed) total += 8 * C * C;
  total += double(o.num_clip_token * o.clip_dim) * C;  // context_embed
  if (o.learns_text()) {
    const double T = double(o.num_clip_token), D = double(o.clip_dim);
    total += double(o.text_depth) * (12 * D * D * T + 2 * T * T * D);
  }
  total += patches * patch_dim * C;  // patch_embed
  total += N * C * patch_dim;        // decoder_pred runs over all tokens
  if (o.conv) total += 9.0 * double(o.in_chans * o.in_chans * o.height() * o.width());
  return 2 * total;
}

}  // namespace uvic
