// The golden CLIP text encoder: tests/fixtures/clip.
#pragma once
#include "io/safetensors.h"
#include "nn/clip_text.h"
#include "support/support.h"

namespace uvic::testing {

struct GoldenClip {
  TensorMap weights;       ///< by transformers' names
  at::Tensor ids, states;  ///< int64 [12, 77], float32 [12, 77, 32]
};

inline GoldenClip golden_clip() {
  const auto io = load_safetensors(fixture("clip/text_io.safetensors")).tensors;
  return {load_safetensors(fixture("clip/model.safetensors")).tensors, io.at("input_ids"),
          io.at("last_hidden_state")};
}

/// What clip/config.json says.
inline ClipTextOptions golden_clip_options() {
  ClipTextOptions options;
  options.vocab_size = 3514;
  options.dim = 32;
  options.layers = 3;
  options.heads = 4;
  options.hidden_dim = 64;
  return options;
}

/// Behind a prefix, as inside another model.
inline TensorMap with_names_behind(const TensorMap& weights, const std::string& prefix) {
  TensorMap found;
  for (const auto& [name, tensor] : weights) found[prefix + name] = tensor;
  return found;
}

/// The same weights by open_clip's names, q, k and v in one.
inline TensorMap open_clip_weights(const TensorMap& weights, int64_t layers) {
  TensorMap found = {{"token_embedding.weight", weights.at("embeddings.token_embedding.weight")},
                     {"positional_embedding", weights.at("embeddings.position_embedding.weight")},
                     {"ln_final.weight", weights.at("final_layer_norm.weight")},
                     {"ln_final.bias", weights.at("final_layer_norm.bias")},
                     {"logit_scale", at::ones({})},
                     {"text_projection", at::ones({32, 16})}};
  for (int64_t i = 0; i < layers; ++i) {
    const std::string theirs = "transformer.resblocks." + std::to_string(i) + ".",
                      ours = "encoder.layers." + std::to_string(i) + ".";
    for (const std::string kind : {"weight", "bias"}) {
      const auto attention = [&](const char* part) {
        return weights.at(ours + "self_attn." + part + "_proj." + kind);
      };
      found[theirs + "attn.in_proj_" + kind] = at::cat({attention("q"), attention("k"), attention("v")});
      found[theirs + "attn.out_proj." + kind] = attention("out");
      found[theirs + "ln_1." + kind] = weights.at(ours + "layer_norm1." + kind);
      found[theirs + "ln_2." + kind] = weights.at(ours + "layer_norm2." + kind);
      found[theirs + "mlp.c_fc." + kind] = weights.at(ours + "mlp.fc1." + kind);
      found[theirs + "mlp.c_proj." + kind] = weights.at(ours + "mlp.fc2." + kind);
    }
  }
  return found;
}

}  // namespace uvic::testing
