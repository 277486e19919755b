#include "nn/autoencoder_kl.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace uvic {

using at::Tensor;

namespace {

TensorLayout layout_for(c10::Device device, Precision precision) {
  return {.device = device,
          .dtype = precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat,
          .format = device.is_cpu() ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous};
}

}  // namespace

Tensor run_layers(std::span<const AutoencoderLayer> layers, Tensor input) {
  Activations activations{std::move(input)};
  for (const AutoencoderLayer& layer : layers) layer.run(activations);
  return activations.hidden;
}

AutoencoderKL::AutoencoderKL(const AutoencoderOptions& options, const std::map<std::string, Tensor>& weights,
                             c10::Device device, Precision precision)
    : options_(options), layout_(layout_for(device, precision)) {
  encoder_ = bind_layers(encoder_steps(options), options.norm_num_groups, weights, layout_);
  decoder_ = bind_layers(decoder_steps(options), options.norm_num_groups, weights, layout_);
}

Precision AutoencoderKL::precision() const {
  return layout_.dtype == at::kBFloat16 ? Precision::kBf16 : Precision::kFp32;
}

Tensor AutoencoderKL::prepared(const Tensor& latents) const {
  return latents.to(layout_.device, layout_.dtype).contiguous(layout_.format);
}

LatentMoments AutoencoderKL::encode(const Tensor& images) const {
  const int64_t multiple = options_.downscale();
  TORCH_CHECK(images.dim() == 4 && images.size(0) > 0 && images.size(1) == options_.in_channels &&
                  images.size(2) % multiple == 0 && images.size(3) % multiple == 0,
              "AutoencoderKL: images must be [B >= 1, ", options_.in_channels,
              ", H, W], H and W multiples of ", multiple, ", got ", images.sizes());
  const at::NoGradGuard no_grad;
  const int64_t B = images.size(0), slice = layout_.device.is_cpu() ? 1 : B;
  std::vector<Tensor> moments;
  for (int64_t i = 0; i < B; i += slice)
    moments.push_back(run_layers(encoder_, prepared(images.slice(0, i, i + slice))).to(at::kFloat));
  const auto half = [&](int64_t first) {
    std::vector<Tensor> parts;
    for (const Tensor& part : moments)
      parts.push_back(part.slice(1, first, first + options_.latent_channels));
    return at::cat(parts).contiguous();
  };
  return {half(0), half(options_.latent_channels).clamp_(-30, 20).mul_(0.5).exp_()};
}

Tensor AutoencoderKL::decode(const Tensor& latents) const {
  TORCH_CHECK(latents.dim() == 4 && latents.size(1) == options_.latent_channels,
              "AutoencoderKL: latents must be [B, ", options_.latent_channels, ", h, w], got ",
              latents.sizes());
  const at::NoGradGuard no_grad;
  return run_layers(decoder_, prepared(latents)).to(at::kFloat).contiguous();
}

}  // namespace uvic
