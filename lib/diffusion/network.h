// A network as diffusion sees it.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>

namespace uvic {

/// What images are conditioned on; a tensor is undefined where the network takes no such input. A value: an
/// empty one is no condition.
struct Condition {
  at::Tensor labels = {};  ///< int64 [B]; or float32 [B, K], images between classes: the share of each
  at::Tensor context =
      {};  ///< text tokens, float [B, num_clip_token, clip_dim], or ids that the network encodes

  bool empty() const { return !labels.defined() && !context.defined(); }
  /// Images first .. first + count - 1.
  Condition part(int64_t first, int64_t count) const {
    const auto cut = [&](const at::Tensor& x) { return x.defined() ? x.narrow(0, first, count) : x; };
    return {cut(labels), cut(context)};
  }
};

/// x [B, C, H, W] float32, timesteps [B] float32 in the schedule's units -> [B, C, H, W].
using Network = std::function<at::Tensor(const at::Tensor& x, const at::Tensor& timesteps, const Condition&)>;

}  // namespace uvic
