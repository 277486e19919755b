// Resizing as Pillow does it: separable, antialiased, in fixed point.
#pragma once
#include "data/pixels.h"

namespace uvic {

enum class Filter { kBox, kBicubic };

/// `image` at another size, equal to Pillow's `Image.resize` to the byte (src/libImaging/Resample.c): the
/// filter is widened by the scale where the image shrinks, and each of the two passes rounds to 8 bits.
Pixels resample(const Pixels& image, int width, int height, Filter filter);

}  // namespace uvic
