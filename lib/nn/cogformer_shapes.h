// What a Cogformer is made of, without building it; and what the shapes of its parameters say of its options.
#pragma once
#include <map>
#include <string>

#include "nn/cogformer_options.h"
#include "nn/parameters.h"

namespace uvic {

/// The names and shapes of the parameters of Cogformer(options).
ParameterShapes parameter_shapes(const CogformerOptions& options);
int64_t count_parameters(const CogformerOptions& options);

/// Floating-point operations of one forward pass a token, at a context of max_seq_length: 2 x multiply-adds
/// of the matrices (the embedding is none) and of the two attention products over the positions before it;
/// norms, activations and softmax are left out, as is usual.
double forward_flops(const CogformerOptions& options);

/// The keys that the shapes tell, and by which tensor: {"dim", "embedding.weight [97, 48]"}; not n_heads,
/// max_seq_length and the attention, which `base` gives.
struct CogformerOfShapes {
  CogformerOptions model;
  std::map<std::string, std::string> told;
};
CogformerOfShapes cogformer_of_shapes(const ParameterShapes& shapes, const CogformerOptions& base);

/// "model.dim is 64, but the weights have 48 (embedding.weight [97, 48])" for each key that `model` has
/// another value of; UsageError, `source` first, with that text if there is one.
void refuse_contradictions(const CogformerOptions& model, const ParameterShapes& weights,
                           const std::string& source);

}  // namespace uvic
