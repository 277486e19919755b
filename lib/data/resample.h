// Resizing as Pillow does it: separable, antialiased, in fixed point.
#pragma once
#include <array>
#include <cstdint>

#include "data/pixels.h"

namespace uvic {

enum class Filter { kBox, kBicubic };

/// `image` at another size, equal to Pillow's `Image.resize` to the byte (src/libImaging/Resample.c): the
/// filter is widened by the scale where the image shrinks, and each of the two passes rounds to 8 bits.
Pixels resample(const Pixels& image, int width, int height, Filter filter);

/// {left, top, width, height} of that, with only the work and memory that this part takes.
Pixels resample_part(const Pixels& image, int64_t width, int64_t height, const std::array<int64_t, 4>& part,
                     Filter filter);

}  // namespace uvic
