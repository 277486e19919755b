// The golden autoencoder: diffusers' code on random weights, tests/fixtures/vae_diffusers.
#pragma once
#include "io/safetensors.h"
#include "nn/autoencoder_kl.h"
#include "support/support.h"

namespace uvic::testing {

inline std::filesystem::path golden_autoencoder_folder() {
  return fixture("vae_diffusers");
}

inline AutoencoderOptions golden_autoencoder_options() {
  AutoencoderOptions options;
  options.block_out_channels = {8, 16, 16};
  options.norm_num_groups = 4;
  return options;
}

inline TensorMap golden_autoencoder_weights() {
  return load_safetensors(golden_autoencoder_folder() / "diffusion_pytorch_model.safetensors").tensors;
}

/// image, latent_mean, latent_std, z, decoded.
inline TensorMap golden_autoencoder_io() {
  return load_safetensors(fixture("vae_diffusers_io.safetensors")).tensors;
}

}  // namespace uvic::testing
