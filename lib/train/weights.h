// Weights from a file of any kind into a network, at whatever image size.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "io/tensor_file.h"
#include "nn/uvit.h"
#include "train/config.h"

namespace uvic {

/// The configuration inside a weights file (`uvic.config`), nullopt if it has none: bare safetensors, U-ViT's
/// .pth. UsageError, `source` first, if it cannot be read.
std::optional<Config> own_config(const std::map<std::string, std::string>& metadata,
                                 const std::string& source);

/// Interpolates `pos_embed` for the image size of `model` where it is of another (see resize_pos_embed), and
/// says so in one line. The weights' own grid of patches is `own`'s; without it, a number of patches other
/// than the model's is taken to be a square grid. What does not fit for other reasons is left as it is.
void fit_image_size(TensorMap& weights, const ModelOptions& model, const std::optional<Config>& own,
                    const std::string& source);

/// Reads a safetensors file or .pth into `model`, its position embedding interpolated if need be. UsageError
/// as load_tensor_file's and load_weights'.
void load_weights_file(UViT& model, const std::filesystem::path& file);

}  // namespace uvic
