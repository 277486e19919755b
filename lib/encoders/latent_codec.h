// From pictures to the latents that a network sees, and back.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <array>
#include <map>
#include <string>

#include "core/precision.h"
#include "data/latent_space.h"
#include "encoders/autoencoder.h"
#include "nn/options.h"
#include "recipe/latent_options.h"

namespace uvic {

class LatentCodec {
 public:
  /// The autoencoder that `options` names. UsageError where it is none, or its latents do not fit the model.
  LatentCodec(const ModelOptions& model, const LatentOptions& options, Precision precision,
              c10::Device device);

  const LatentSpace& space() const { return autoencoder_.space; }
  /// {C, H, W} of the pictures of latents {c, h, w}.
  std::array<int64_t, 3> picture_shape(const std::array<int64_t, 3>& latent_shape) const;
  /// Of pictures, float32 [B, C, H, W] in [-1, 1] on the device: mean and standard deviation of their
  /// latents, [B, c, h, w] each, not normalised.
  std::pair<at::Tensor, at::Tensor> moments(const at::Tensor& pictures) const;
  /// Of what the network makes, normalised [B, c, h, w]: pictures, float32 [B, C, H, W], unclamped.
  at::Tensor decode(const at::Tensor& state) const;
  /// See LoadedAutoencoder.
  const std::string& decoder_sha256() const { return autoencoder_.decoder_sha256; }
  /// UsageError, `source` (a weights file) first, if its metadata name another latent space.
  void check_same(const std::map<std::string, std::string>& metadata, const std::string& source) const;
  /// "4 channels, an eighth of the side, scaled by 0.18215, vae.safetensors".
  std::string describe() const;

 private:
  LoadedAutoencoder autoencoder_;
  int64_t memory_bytes_;
};

}  // namespace uvic
