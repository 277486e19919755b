#include "recipe/fit_weights.h"

#include <cmath>

#include "core/log.h"
#include "nn/parameters.h"
#include "nn/pos_embed.h"
#include "nn/uvit.h"

namespace uvic {
namespace {

using Grid = std::array<int64_t, 2>;

std::string size_text(Grid grid) {
  return c10::str(grid[0], " x ", grid[1]);
}

// The grid of patches that a pos_embed was trained on, nullopt where that cannot be said or the model differs
// in more than its image size.
std::optional<Grid> trained_grid(const at::Tensor& pos_embed, const ModelOptions& model,
                                 const std::optional<ModelOptions>& own) {
  if (pos_embed.dim() != 3 || pos_embed.size(0) != 1) return std::nullopt;
  const int64_t patches = pos_embed.size(1) - model.extras();
  if (own) {
    const bool same = own->extras() == model.extras() && own->patch_size == model.patch_size;
    return same && patches == own->num_patches() ? std::optional(own->grid()) : std::nullopt;
  }
  if (patches == model.num_patches()) return model.grid();
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(std::max<double>(double(patches), 0))));
  return side > 0 && side * side == patches ? std::optional(Grid{side, side}) : std::nullopt;
}

}  // namespace

void fit_image_size(TensorMap& weights, const ModelOptions& model, const std::optional<ModelOptions>& own,
                    const std::string& source) {
  const auto pos_embed = weights.find("pos_embed");
  if (pos_embed == weights.end()) return;
  const auto from = trained_grid(pos_embed->second, model, own);
  const Grid to = model.grid();
  if (!from || from == to) return;
  pos_embed->second = resize_pos_embed(pos_embed->second, model.extras(), *from, to);
  log_info(source, ": position embeddings interpolated from ", size_text(*from), " patches to ",
           size_text(to), ", for images of ", size_text({model.height(), model.width()}));
}

void load_weights_at_any_size(UViT& model, TensorFile weights, const std::string& source) {
  const auto own = own_recipe(weights.metadata, source);
  fit_image_size(weights.tensors, model.options(), own ? std::optional(own->recipe.model) : std::nullopt,
                 source);
  load_weights(model, weights.tensors, source);
}

}  // namespace uvic
