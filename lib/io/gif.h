// GIF files through giflib, still or moving.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace uvic {

/// `frames`: uint8 [n, C, H, W], C = 1 (grey) or 3 (RGB), shown in a loop, `rate` a second (a GIF counts in
/// hundredths: at most 100). Up to 256 colours are kept as they are, so that grey pictures lose nothing; of
/// more a palette for all frames is chosen, and what lies between two of its colours becomes a fixed pattern
/// of both (Bayer 1973), which does not flicker. Returns the file's bytes. UsageError as check_gif_size.
std::string encode_gif(const at::Tensor& frames, double rate = 10);

/// UsageError if a side is longer than a GIF can say.
void check_gif_size(int64_t height, int64_t width);

}  // namespace uvic
