#include "nn/pos_embed.h"

#include <ATen/ATen.h>

namespace uvic {

at::Tensor resize_pos_embed(const at::Tensor& pos_embed, int64_t extras, std::array<int64_t, 2> from,
                            std::array<int64_t, 2> to) {
  TORCH_CHECK(
      pos_embed.dim() == 3 && pos_embed.size(0) == 1 && pos_embed.size(1) == extras + from[0] * from[1],
      "pos_embed must be [1, ", extras, " + ", from[0], " x ", from[1], ", C], got ", pos_embed.sizes());
  if (from == to) return pos_embed;
  const int64_t C = pos_embed.size(2);
  const at::Tensor patches = pos_embed.slice(1, extras).transpose(1, 2).reshape({1, C, from[0], from[1]});
  // In float32: half precision would round the weights of the kernel, too.
  const at::Tensor resized =
      at::upsample_bicubic2d(patches.to(at::promote_types(patches.scalar_type(), at::kFloat)), to,
                             /*align_corners=*/false)
          .to(pos_embed.scalar_type());
  return at::cat({pos_embed.slice(1, 0, extras), resized.flatten(2).transpose(1, 2)}, 1);
}

}  // namespace uvic
