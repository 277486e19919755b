#include "recipe/fit_weights.h"

#include "core/errors.h"
#include "core/log.h"
#include "nn/model_of_shapes.h"
#include "nn/parameter_shapes.h"
#include "nn/pos_embed.h"
#include "nn/uvit.h"

namespace uvic {

ParameterShapes shapes_of(const TensorMap& tensors) {
  ParameterShapes shapes;
  for (const auto& [name, tensor] : tensors) shapes[name] = tensor.sizes().vec();
  return shapes;
}

ModelOptions model_of_weights(const TensorFile& weights, const ModelOptions& base,
                              const std::string& source) {
  if (const auto own = own_recipe(weights.metadata, source)) return own->recipe.model;
  return model_of_shapes(shapes_of(weights.tensors), base).model;
}

std::string resizing_text(const std::array<int64_t, 2>& from, const ModelOptions& to) {
  return c10::str(from[0], " x ", from[1], " patches to ", to.grid()[0], " x ", to.grid()[1],
                  ", for images of ", to.height(), " x ", to.width());
}

void fit_image_size(TensorFile& weights, const ModelOptions& model, const std::string& source) {
  const auto pos_embed = weights.tensors.find("pos_embed");
  if (pos_embed == weights.tensors.end()) return;
  const ModelOptions from = model_of_weights(weights, model, source);
  at::Tensor& positions = pos_embed->second;
  const bool fits = positions.dim() == 3 && positions.size(0) == 1 &&
                    positions.size(1) == from.num_tokens() && from.extras() == model.extras() &&
                    from.patch_size == model.patch_size;
  if (!fits || from.grid() == model.grid()) return;
  positions = resize_pos_embed(positions, model.extras(), from.grid(), model.grid());
  log_info(source, ": position embeddings interpolated from ", resizing_text(from.grid(), model));
}

std::shared_ptr<UViT> build_model(const ModelOptions& model, TensorFile weights, const std::string& source) {
  const ParameterShapes shapes = shapes_of(weights.tensors);
  refuse_contradictions(model, model_of_shapes(shapes, model), source);
  fit_image_size(weights, model, source);
  check_weights(parameter_shapes(model), weights.tensors, source);  // before a network of that size is made
  auto network = std::make_shared<UViT>(model);
  load_weights(*network, weights.tensors, source);
  return network;
}

}  // namespace uvic
