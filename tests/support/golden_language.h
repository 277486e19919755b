// A case of the golden data of language models: the network with its weights, inputs and expected outputs.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>

#include "io/safetensors.h"
#include "nn/cogformer.h"
#include "nn/parameters.h"
#include "support/support.h"

namespace uvic::testing {

struct GoldenLanguage {
  TensorMap tensors;
  std::shared_ptr<Cogformer> model;
};

/// tests/fixtures/<name>.safetensors.
inline GoldenLanguage golden_language(const std::string& name) {
  const auto stored = load_safetensors(fixture(name + ".safetensors"));
  const auto json = nlohmann::json::parse(stored.metadata.at("config"));
  CogformerOptions options;
  options.vocab_size = json.at("vocab_size");
  options.dim = json.at("dim");
  options.n_layers = json.at("n_layers");
  options.n_heads = json.at("n_heads");
  options.hidden_dim = json.at("hidden_dim");
  options.max_seq_length = json.at("max_seq_length");
  options.norm_eps = json.at("norm_eps");
  options.attention = stored.metadata.at("attention");
  auto model = std::make_shared<Cogformer>(options);
  TensorMap weights;
  for (const auto& [key, tensor] : stored.tensors) {
    if (key.starts_with("weight.")) weights[key.substr(7)] = tensor;
  }
  load_weights(*model, weights, name);
  return {stored.tensors, model};
}

}  // namespace uvic::testing
