// AutoencoderKL: pictures to latents and back (Rombach et al. 2022, arXiv 2112.10752), frozen.
#pragma once
#include <c10/core/Device.h>

#include <span>

#include "core/precision.h"
#include "nn/autoencoder_layers.h"

namespace uvic {

/// Of the latents of pictures, before any scaling: float32 [B, latent_channels, H / downscale, W /
/// downscale].
struct LatentMoments {
  at::Tensor mean, std;
};

/// It has no gradients and no initial weights of its own: it takes those that somebody trained.
class AutoencoderKL {
 public:
  /// `weights` are those of parameter_shapes(options), see check_weights; in `precision` all of it runs in
  /// bfloat16.
  AutoencoderKL(const AutoencoderOptions& options, const std::map<std::string, at::Tensor>& weights,
                c10::Device device = c10::kCPU, Precision precision = Precision::kFp32);

  /// images: float [B >= 1, in_channels, H, W] in [-1, 1], H and W multiples of downscale, on any device. The
  /// log of the variance is kept within -30 and 20, as published. On the CPU one picture at a time: a batch
  /// is no faster there, and so a picture's latents do not depend on those beside it. c10::Error names what
  /// does not fit.
  LatentMoments encode(const at::Tensor& images) const;

  /// latents: float [B, latent_channels, h, w] as encode gives them. Returns images, float32 [B,
  /// out_channels, h downscale, w downscale], about [-1, 1], not clamped.
  at::Tensor decode(const at::Tensor& latents) const;

  const AutoencoderOptions& options() const { return options_; }
  c10::Device device() const { return layout_.device; }
  Precision precision() const;
  /// For those who decode in parts.
  const AutoencoderLayers& decoder() const { return decoder_; }
  /// The latents as its layers take them.
  at::Tensor prepared(const at::Tensor& latents) const;

 private:
  AutoencoderOptions options_;
  TensorLayout layout_;
  AutoencoderLayers encoder_, decoder_;
};

/// All of `layers`, one after another.
at::Tensor run_layers(std::span<const AutoencoderLayer> layers, at::Tensor input);

}  // namespace uvic
