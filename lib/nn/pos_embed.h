// Position embeddings of one image size at another.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>

namespace uvic {

/// pos_embed [1, extras + h w, C] of a grid {h, w} of patches, row-major, for the grid `to`: the patches'
/// part interpolated bicubically (Keys' kernel with a = -0.75, pixel centres at halves, borders repeated:
/// PyTorch's F.interpolate(mode="bicubic", align_corners=False), as ViT, DeiT and DiT fine-tune it), the
/// extras kept to the bit. The same grid gives back the tensor. c10::Error if the shape is not that of
/// `from`.
at::Tensor resize_pos_embed(const at::Tensor& pos_embed, int64_t extras, std::array<int64_t, 2> from,
                            std::array<int64_t, 2> to);

}  // namespace uvic
