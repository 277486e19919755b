// What an autoencoder's weights do not say: diffusers' config.json, or what is known of its kind.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "encoders/autoencoder_layouts.h"
#include "nn/autoencoder_options.h"

namespace uvic {

struct AutoencoderConfig {
  std::string source;  ///< the config's file, or the weights', for messages
  AutoencoderOptions options = {};
  std::optional<double> scaling_factor = {};  ///< nothing: not known
  double shift_factor = 0;
  std::vector<double> mean = {}, std = {};  ///< of latents, a value a channel; empty: 0 and 1
  bool force_upcast = false;                ///< it overflows in half precision
};

/// A config.json of diffusers' AutoencoderKL: what it leaves out is diffusers' default, but for force_upcast,
/// which has to be said. UsageError names file and key.
AutoencoderConfig read_autoencoder_config(const std::filesystem::path& file);

/// Whether `file` is there and says that it is about an AutoencoderKL.
bool is_autoencoder_config(const std::filesystem::path& file);

/// Of weights alone: sizes by their shapes, 32 groups, and scale and shift by what lies beside them in a
/// whole checkpoint (Stable Diffusion 0.18215, XL 0.13025, 3 and Flux with a shift), else Stable Diffusion's
/// for 4 channels. UsageError where 32 groups cannot be.
AutoencoderConfig autoencoder_config_of(const TensorReader& file, const StoredAutoencoder& stored);

}  // namespace uvic
