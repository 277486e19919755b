// Weights from a file of any kind into a network, at whatever image size.
#pragma once
#include <array>
#include <memory>
#include <string>

#include "io/tensor_file.h"
#include "nn/parameters.h"
#include "recipe/recipe.h"

namespace uvic {

class UViT;

/// By the names of `tensors`.
ParameterShapes shapes_of(const TensorMap& tensors);

/// What their own recipe says of the model of such weights; without one their shapes, over `base`.
ModelOptions model_of_weights(const TensorFile& weights, const ModelOptions& base, const std::string& source);

/// Interpolates `pos_embed` for the image size of `model` where it is of another (see resize_pos_embed), and
/// says so in one line. What does not fit for other reasons is left as it is.
void fit_image_size(TensorFile& weights, const ModelOptions& model, const std::string& source);

/// A network of `model` with these weights, their position embedding interpolated if need be. UsageError
/// names the keys that the weights contradict, or as load_weights.
std::shared_ptr<UViT> build_model(const ModelOptions& model, TensorFile weights, const std::string& source);

/// "4 x 4 patches to 4 x 6, for images of 8 x 12".
std::string resizing_text(const std::array<int64_t, 2>& from, const ModelOptions& to);

}  // namespace uvic
