// Weights to begin training with, from those of a network of other classes, another image size, other
// channels or patches.
#pragma once
#include <string>

#include "io/tensor_file.h"
#include "recipe/recipe.h"

namespace uvic {

struct StartWeights {
  TensorMap tensors;    ///< of the network that is to be trained, all of them
  std::string note;     ///< a line on what was not simply taken; empty if everything was
  std::string warning;  ///< what the network was trained for and is not used for here; empty if nothing is
};

/// What fits of `weights` in a network of `recipe`, the rest from `fresh`, that network's own initial
/// weights: rows of other classes (the null label's is kept), places of a label or of context that were not
/// there, and what depends on channels and patches. Position embeddings are interpolated. UsageError,
/// `source` first, where the networks differ otherwise, and as check_weights'.
StartWeights start_weights(const TensorFile& weights, const Recipe& recipe, const TensorMap& fresh,
                           const std::string& source);

}  // namespace uvic
