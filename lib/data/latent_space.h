// Which latents: what made them, and how a network sees them. Kept in packs and in weights files, so that a
// set that one autoencoder encoded is not trained on, or decoded, as if it were another's.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace uvic {

/// The metadata of weights files that holds it.
inline constexpr auto kLatentSpaceKey = "uvic.latents";

struct LatentSpace {
  std::string encoder_sha256;  ///< of the encoder's tensors, whatever file they came from; empty: not known
  int64_t channels = 0;        ///< of a latent
  int64_t downscale = 8;       ///< pixels of a side for one latent; 0: not known
  double scaling_factor = 1, shift_factor = 0;
  /// A value a channel, or empty: 0 and 1 (diffusers' latents_mean, latents_std).
  std::vector<double> mean = {}, std = {};

  bool operator==(const LatentSpace&) const = default;

  /// What the network sees, of an autoencoder's latents [B, C, H, W]: scaling_factor (z - shift_factor -
  /// mean) / std, as diffusers' pipelines have it.
  at::Tensor normalise(const at::Tensor& latents) const;
  /// The reverse.
  at::Tensor restore(const at::Tensor& seen) const;
};

/// One line of JSON, which reads back equal. UsageError, `name` first, for what to_json has not written.
std::string to_json(const LatentSpace& space);
LatentSpace latent_space_from_json(const std::string& json, const std::string& name);

/// A clause for each thing in which they differ: "scaling_factor is 0.18215 here, 0.2301 there". What
/// one of them does not know of encoder and downscale is no difference.
std::vector<std::string> differences(const LatentSpace& here, const LatentSpace& there);

}  // namespace uvic
