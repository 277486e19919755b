// Weights from a file of any kind into a network, at whatever image size.
#pragma once
#include <optional>
#include <string>

#include "io/tensor_file.h"
#include "nn/options.h"
#include "recipe/recipe.h"

namespace uvic {

class UViT;

/// Interpolates `pos_embed` for the image size of `model` where it is of another (see resize_pos_embed), and
/// says so in one line. The weights' own grid of patches is `own`'s; without it, a number of patches other
/// than the model's is taken to be a square grid. What does not fit for other reasons is left as it is.
void fit_image_size(TensorMap& weights, const ModelOptions& model, const std::optional<ModelOptions>& own,
                    const std::string& source);

/// Weights of `source` into `model`, their position embedding interpolated if need be. UsageError as
/// load_weights'.
void load_weights_at_any_size(UViT& model, TensorFile weights, const std::string& source);

}  // namespace uvic
