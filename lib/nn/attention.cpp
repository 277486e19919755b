#include "nn/attention.h"

#include <ATen/ATen.h>

#include "kernels/cog_attention.h"

namespace uvic {

using torch::nn::Linear;
using torch::nn::LinearOptions;

Attention::Attention(const AttentionOptions& options) : options_(options) {
  qkv_ = register_module("qkv", Linear(LinearOptions(options.dim, 3 * options.dim).bias(options.qkv_bias)));
  proj_ = register_module("proj", Linear(options.dim, options.dim));
}

at::Tensor Attention::forward(const at::Tensor& x) {
  const auto B = x.size(0), N = x.size(1), C = x.size(2), H = options_.num_heads;
  // Views of the packed projection: [3, B, H, N, D].
  const auto packed = qkv_->forward(x).view({B, N, 3, H, C / H}).permute({2, 0, 3, 1, 4});
  const auto q = packed[0], k = packed[1], v = packed[2];
  const at::Tensor out =
      options_.cog ? std::get<0>(cog_attention(q, k, v)) : at::scaled_dot_product_attention(q, k, v);
  return proj_->forward(out.transpose(1, 2).reshape({B, N, C}));
}

}  // namespace uvic
