// A Cogformer in the layout in which transformers keeps Llama models.
#pragma once
#include <string>

#include "io/tensor_file.h"
#include "nn/cogformer_options.h"

namespace uvic {

/// Llama's names and [out, in] matrices: `weights` by ours -> model.layers.N.self_attn.q_proj.weight and so
/// on. Rows of q and k are put from interleaved pairs (2j, 2j + 1), as they are rotated here, to halves (j, j
/// + D / 2), as Llama's code rotates them. What softmax attention computes is the same to the last bits.
TensorMap transformers_weights(const TensorMap& weights, const CogformerOptions& model);

/// Its config.json. Llama's code knows softmax attention alone.
std::string transformers_config(const CogformerOptions& model);

}  // namespace uvic
