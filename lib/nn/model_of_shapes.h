// What the shapes of a U-ViT's parameters say of its options: the other way round of parameter_shapes.
#pragma once
#include <map>
#include <set>
#include <string>

#include "nn/options.h"
#include "nn/parameters.h"

namespace uvic {

struct ModelOfShapes {
  ModelOptions model;
  /// The keys that the shapes tell, and by which tensor: {"embed_dim", "patch_embed.proj.weight [16, 3, 4,
  /// 4]"}.
  std::map<std::string, std::string> told;
};

/// Everything but num_heads, null_label and the attention's kind, over `base`. Not told: what the tensors
/// that are there do not say; img_size where the patches are neither a square nor `base`'s; of a model with
/// context img_size and num_clip_token unless `base`'s tokens, CLIP's 77, or what `base`'s img_size leaves
/// fit.
ModelOfShapes model_of_shapes(const ParameterShapes& shapes, const ModelOptions& base);

/// "model.patch_size is 2, but the weights have 4 (patch_embed.proj.weight [16, 3, 4, 4])" for each key that
/// `model` has another value of, but for those `apart`; "" if there is none.
std::string contradictions(const ModelOptions& model, const ModelOfShapes& weights,
                           const std::set<std::string>& apart = {"img_size"});

/// UsageError, `source` first, with that text if there is one.
void refuse_contradictions(const ModelOptions& model, const ModelOfShapes& weights, const std::string& source,
                           const std::set<std::string>& apart = {"img_size"});

}  // namespace uvic
