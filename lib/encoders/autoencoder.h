// An autoencoder out of the files that people have.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/precision.h"
#include "data/latent_space.h"
#include "nn/autoencoder_kl.h"

namespace uvic {

struct LoadedAutoencoder {
  std::filesystem::path file;  ///< the weights that were read
  std::shared_ptr<const AutoencoderKL> network = {};
  LatentSpace space = {};           ///< how its latents are scaled, and the hash of its encoder
  std::string decoder_sha256 = {};  ///< as space.encoder_sha256: of names (diffusers'), shapes and float32
                                    ///< values, so that one of another layout is the same
};

struct AutoencoderRequest {
  c10::Device device = c10::kCPU;
  Precision precision =
      Precision::kFp32;       ///< one that is said to overflow in half (force_upcast) runs in fp32
  double scaling_factor = 0;  ///< instead of its own; 0: its own
};

/// `spec`: a folder of diffusers (config.json beside diffusion_pytorch_model.safetensors or .bin), a pipeline
/// with one in `vae`, or a weights file: safetensors or of torch.save, its config.json beside it or not; see
/// autoencoder_of and autoencoder_config_of. Says in a line what it takes where nothing is said. UsageError,
/// in one line, for what is missing, does not fit together or is damaged; `option` is what the user wrote
/// `spec` behind.
LoadedAutoencoder load_autoencoder(const std::string& spec, const AutoencoderRequest& request = {},
                                   const std::string& option = "--vae");

}  // namespace uvic
