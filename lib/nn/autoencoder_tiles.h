// Decoding latents within a limit of memory: one picture, or several at a time, whole where that fits, in
// tiles where it does not.
//
// Between two group norms a decoder is local, convolutions alone, and a norm needs two numbers a group of the
// whole picture. So a stretch of it is run tile by tile, each with a border as wide as its convolutions see:
// once for each of its norms, in order, to learn their statistics over the whole picture, and once for its
// result. What comes out is what whole decoding gives, up to float rounding, and there are no seams to blend.
// It is paid for in time: a residual block by itself costs 1.5 times its work; where the limit leaves no room
// to keep what a block gives, several are one stretch, and each of their norms begins again at its beginning.
// A picture of 512 x 512 by Stable Diffusion's decoder, which takes 640 MiB whole: 1.2 times as long in 448
// MiB, twice in 224 (2 cores, 2026-11).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace uvic {

class AutoencoderKL;

/// Enough for a picture of 1024 x 1024 of Stable Diffusion's decoder as a whole.
constexpr int64_t kDecodeMemory = int64_t{4096} << 20;

/// AutoencoderKL::decode in slices of the batch, on the CPU one picture at a time, so that what a picture
/// comes out as does not depend on those beside it. UsageError if `bytes` are too few for one picture even in
/// tiles. Returns float32 [B, out_channels, H, W] on the CPU.
at::Tensor decode_within(const AutoencoderKL& autoencoder, const at::Tensor& latents,
                         int64_t bytes = kDecodeMemory);

}  // namespace uvic
