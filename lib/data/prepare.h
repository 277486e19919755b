// Images of any size to the network's size: U-ViT's and ADM's preparation (guided-diffusion, image_datasets).
#pragma once
#include <array>
#include <vector>

#include "core/random.h"
#include "data/pixels.h"

namespace uvic {

/// {width, height} that the two below cover at most, so that a larger image is shrunk.
std::array<int64_t, 2> most_covered(int width, int height);

/// Halves `image` with a box filter while both sides are at least twice too large, scales it with Pillow's
/// bicubic until it just covers width x height (a smaller image is upsampled alike), and crops the centre.
/// Only what the crop keeps is scaled: an image one pixel wide takes no more than any other.
Pixels prepare_centered(const Pixels& image, int width, int height);

/// The same, but first chooses to cover 1 to 1 / 0.8 times the size, and crops a random place of that.
Pixels prepare_random(const Pixels& image, int width, int height, CounterRandom& random);

/// The rectangle {left, top, right, bottom} of `image`, cut off at its sides. Empty rectangles give 0 pixels.
Pixels cut(const Pixels& image, const std::array<int64_t, 4>& rectangle);

}  // namespace uvic
