// Patches and time as tokens.
#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

namespace uvic {

/// Sinusoidal embedding, cosines first (U-ViT's, from ADM). timesteps [B] -> float32 [B, dim]; max period
/// 10000.
at::Tensor timestep_embedding(const at::Tensor& timesteps, int64_t dim);

/// [B, N, p * p * C] with patch vectors ordered (p1, p2, C) -> [B, C, H, W]; N = (H / p) * (W / p),
/// row-major.
at::Tensor unpatchify(const at::Tensor& tokens, int64_t channels, int64_t patch_size, int64_t height,
                      int64_t width);

/// A convolution with kernel = stride = patch_size. [B, C, H, W] -> [B, N, embed_dim], row-major.
class PatchEmbed : public torch::nn::Module {
 public:
  PatchEmbed(int64_t patch_size, int64_t in_chans, int64_t embed_dim);
  at::Tensor forward(const at::Tensor& x);

 private:
  torch::nn::Conv2d proj_{nullptr};
};

/// Linear (dim -> 4 dim), SiLU, linear (4 dim -> dim); U-ViT's names `0` and `2`. [B, dim] -> [B, dim].
class TimeEmbedMlp : public torch::nn::Module {
 public:
  explicit TimeEmbedMlp(int64_t dim);
  at::Tensor forward(const at::Tensor& x);

 private:
  torch::nn::Linear first_{nullptr}, second_{nullptr};
};

}  // namespace uvic
