// AutoencoderKL in files as people have them: diffusers' names, its older ones of the attention, or those of
// CompVis (the latent-diffusion and Stable Diffusion code, U-ViT's autoencoder_kl.pth, Flux's ae), under any
// prefix, as in a whole Stable Diffusion checkpoint.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "io/tensor_file.h"
#include "nn/parameters.h"

namespace uvic {

/// An autoencoder among the tensors of a file.
struct StoredAutoencoder {
  std::string prefix = {};                     ///< of its tensors' names: "", "first_stage_model."
  std::map<std::string, size_t> tensors = {};  ///< by diffusers' names: indexes of the file's
  ParameterShapes shapes = {};                 ///< by diffusers' names, as an AutoencoderKL has them
};

/// The one in `file`; of several the one that a whole checkpoint keeps under "first_stage_model." or "vae.".
/// UsageError: there is none, or several could be meant, or a tensor appears twice.
StoredAutoencoder autoencoder_of(const TensorReader& file);

/// Its parameters in float32, whatever the file has. UsageError for damaged tensors and for integers.
TensorMap read_autoencoder(TensorReader& file, const StoredAutoencoder& stored);

}  // namespace uvic
