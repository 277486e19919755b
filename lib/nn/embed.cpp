#include "nn/embed.h"

#include <ATen/ATen.h>

#include <cmath>

namespace uvic {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Linear;

at::Tensor timestep_embedding(const at::Tensor& timesteps, int64_t dim) {
  const int64_t half = dim / 2;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(timesteps.device());
  const auto frequencies = at::exp(at::arange(half, options) * -std::log(10000.0) / double(half));
  const auto angles = timesteps.to(at::kFloat).unsqueeze(1) * frequencies.unsqueeze(0);
  const auto embedding = at::cat({angles.cos(), angles.sin()}, -1);
  return dim % 2 == 0 ? embedding : at::constant_pad_nd(embedding, {0, 1});
}

at::Tensor unpatchify(const at::Tensor& tokens, int64_t channels, int64_t patch_size, int64_t height,
                      int64_t width) {
  const int64_t B = tokens.size(0), h = height / patch_size, w = width / patch_size;
  return tokens.reshape({B, h, w, patch_size, patch_size, channels})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape({B, channels, height, width});
}

PatchEmbed::PatchEmbed(int64_t patch_size, int64_t in_chans, int64_t embed_dim) {
  proj_ = register_module("proj", Conv2d(Conv2dOptions(in_chans, embed_dim, patch_size).stride(patch_size)));
}

at::Tensor PatchEmbed::forward(const at::Tensor& x) {
  return proj_->forward(x).flatten(2).transpose(1, 2);
}

TimeEmbedMlp::TimeEmbedMlp(int64_t dim) {
  first_ = register_module("0", Linear(dim, 4 * dim));
  second_ = register_module("2", Linear(4 * dim, dim));
}

at::Tensor TimeEmbedMlp::forward(const at::Tensor& x) {
  return second_->forward(at::silu(first_->forward(x)));
}

}  // namespace uvic
