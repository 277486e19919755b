// A model case of the golden data: the network with its weights, inputs and expected outputs.
#pragma once
#include <nlohmann/json.hpp>

#include "io/safetensors.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "support/support.h"

namespace uvic::testing {

/// ModelOptions from the metadata `config` of a golden file: U-ViT's constructor arguments.
inline ModelOptions golden_options(const std::string& json_text) {
  const auto json = nlohmann::json::parse(json_text);
  ModelOptions options;
  options.img_size = {json.at("img_size").get<int64_t>()};
  options.patch_size = json.at("patch_size");
  options.in_chans = json.at("in_chans");
  options.embed_dim = json.at("embed_dim");
  options.depth = json.at("depth");
  options.num_heads = json.at("num_heads");
  options.mlp_ratio = json.value("mlp_ratio", int64_t{4});
  options.qkv_bias = json.value("qkv_bias", false);
  options.mlp_time_embed = json.value("mlp_time_embed", false);
  options.num_classes = json.value("num_classes", int64_t{-1});
  options.conv = json.value("conv", true);
  options.skip = json.value("skip", true);
  options.clip_dim = json.value("clip_dim", int64_t{768});
  options.num_clip_token = json.value("num_clip_token", int64_t{0});
  options.attention = json.at("attention").get<std::string>();
  return options;
}

/// The tensors whose names start with `prefix`, without it.
inline TensorMap with_prefix(const TensorMap& tensors, const std::string& prefix) {
  TensorMap found;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) found[name.substr(prefix.size())] = tensor;
  }
  return found;
}

/// A network of golden weights: tests/fixtures/<file>, names behind `prefix`.
inline std::shared_ptr<UViT> golden_network(const std::string& file, const std::string& prefix = "",
                                            const std::string& attention_kernel = "auto") {
  const auto stored = load_safetensors(fixture(file));
  ModelOptions options = golden_options(stored.metadata.at("config"));
  options.attention_kernel = attention_kernel;
  auto model = std::make_shared<UViT>(options);
  load_weights(*model, prefix.empty() ? stored.tensors : with_prefix(stored.tensors, prefix), file);
  return model;
}

}  // namespace uvic::testing
