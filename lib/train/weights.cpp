#include "train/weights.h"

#include <cmath>

#include "core/config.h"
#include "core/log.h"
#include "nn/pos_embed.h"
#include "nn/weights.h"

namespace uvic {
namespace {

using Grid = std::array<int64_t, 2>;

std::string size_text(Grid grid) {
  return c10::str(grid[0], " x ", grid[1]);
}

// The grid of patches that a pos_embed was trained on, nullopt where that cannot be said or the model differs
// in more than its image size.
std::optional<Grid> trained_grid(const at::Tensor& pos_embed, const ModelOptions& model,
                                 const std::optional<Config>& own) {
  if (pos_embed.dim() != 3 || pos_embed.size(0) != 1) return std::nullopt;
  const int64_t patches = pos_embed.size(1) - model.extras();
  if (own) {
    const bool same = own->model.extras() == model.extras() && own->model.patch_size == model.patch_size;
    return same && patches == own->model.num_patches() ? std::optional(own->model.grid()) : std::nullopt;
  }
  if (patches == model.num_patches()) return model.grid();
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(std::max<double>(double(patches), 0))));
  return side > 0 && side * side == patches ? std::optional(Grid{side, side}) : std::nullopt;
}

}  // namespace

std::optional<Config> own_config(const std::map<std::string, std::string>& metadata,
                                 const std::string& source) {
  const auto yaml = metadata.find("uvic.config");
  if (yaml == metadata.end()) return std::nullopt;
  std::optional<Config> config(std::in_place);
  load_yaml(fields_of(*config), yaml->second, source);
  return config;
}

void fit_image_size(TensorMap& weights, const ModelOptions& model, const std::optional<Config>& own,
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

void load_weights_file(UViT& model, const std::filesystem::path& file) {
  TensorFile stored = load_tensor_file(file);
  fit_image_size(stored.tensors, model.options(), own_config(stored.metadata, file.string()), file.string());
  load_weights(model, stored.tensors, file.string());
}

}  // namespace uvic
