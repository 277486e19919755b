#include "encoders/latent_codec.h"

#include <ATen/core/grad_mode.h>

#include "core/errors.h"
#include "core/text.h"
#include "nn/autoencoder_tiles.h"

namespace uvic {

LatentCodec::LatentCodec(const ModelOptions& model, const LatentOptions& options, Precision precision,
                         c10::Device device)
    : autoencoder_(load_autoencoder(
          options.vae, {.device = device, .precision = precision, .scaling_factor = options.scaling_factor},
          "latents.vae")),
      memory_bytes_(options.memory_mb << 20) {
  check_usage(space().channels == model.in_chans, "latents.vae: ", options.vae, " has latents of ",
              space().channels, " channels, but model.in_chans is ", model.in_chans);
}

std::array<int64_t, 3> LatentCodec::picture_shape(const std::array<int64_t, 3>& latent_shape) const {
  const auto& [channels, height, width] = latent_shape;
  return {autoencoder_.network->options().in_channels, height * space().downscale, width * space().downscale};
}

std::pair<at::Tensor, at::Tensor> LatentCodec::moments(const at::Tensor& pictures) const {
  const at::NoGradGuard no_grad;
  const LatentMoments moments = autoencoder_.network->encode(pictures);
  return {moments.mean, moments.std};
}

at::Tensor LatentCodec::decode(const at::Tensor& state) const {
  const at::NoGradGuard no_grad;
  return decode_within(*autoencoder_.network, space().restore(state), memory_bytes_);
}

void LatentCodec::check_same(const std::map<std::string, std::string>& metadata,
                             const std::string& source) const {
  const auto record = metadata.find(kLatentSpaceKey);
  if (record == metadata.end()) return;
  const auto clauses = differences(space(), latent_space_from_json(record->second, source));
  check_usage(clauses.empty(), "latents.vae: ", autoencoder_.file.string(),
              " is not of the latents that the network of ", source,
              " was trained on: ", join(clauses, "; "));
}

std::string LatentCodec::describe() const {
  return c10::str(space().channels, " channels, 1/", space().downscale, " of the side, scaled by ",
                  space().scaling_factor, ", ", autoencoder_.file.string());
}

}  // namespace uvic
