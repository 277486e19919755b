// A small random language model whose outputs differ from token to token.
#pragma once
#include <ATen/ATen.h>

#include "language/network.h"
#include "nn/cogformer.h"

namespace uvic::testing {

inline CogformerOptions tiny_options() {
  CogformerOptions options;
  options.dim = 32;
  options.n_layers = 3;
  options.n_heads = 2;
  options.hidden_dim = 48;
  options.max_seq_length = 48;
  return options;
}

inline std::shared_ptr<Cogformer> tiny_model(const CogformerOptions& options = tiny_options()) {
  at::manual_seed(11);
  auto model = std::make_shared<Cogformer>(options);
  const at::NoGradGuard no_grad;
  for (auto& parameter : model->parameters()) {
    if (parameter.dim() == 2) parameter.mul_(10);
  }
  return model;
}

}  // namespace uvic::testing
