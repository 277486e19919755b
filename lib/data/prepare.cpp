#include "data/prepare.h"

#include <algorithm>
#include <cmath>

#include "data/resample.h"

namespace uvic {
namespace {

/// {width, height} of the image scaled until it just covers the target.
using Size = std::array<int64_t, 2>;

/// `use` of the image, halved as long as both sides are at least twice too large.
template <class Use>
Pixels with_halved(const Pixels& image, int64_t width, int64_t height, const Use& use) {
  if (image.width < 2 * width || image.height < 2 * height) return use(image);
  return with_halved(resample(image, image.width / 2, image.height / 2, Filter::kBox), width, height, use);
}

Size covering(const Pixels& image, int64_t width, int64_t height) {
  const double scale = std::max(double(width) / image.width, double(height) / image.height);
  // nearbyint rounds halves to even, as Python's round does.
  const auto scaled = [scale](int side) { return int64_t(std::nearbyint(side * scale)); };
  return {std::max(scaled(image.width), width), std::max(scaled(image.height), height)};
}

Pixels window(const Pixels& image, int left, int top, int width, int height) {
  Pixels part(width, height, image.channels);
  for (int y = 0; y < height; ++y) {
    std::copy_n(image.row(top + y) + left * image.channels, part.stride(), part.row(y));
  }
  return part;
}

/// Of the random crops: the most that a side of `size` is scaled to.
int longest_side(int size) {
  return int(std::ceil(size / 0.8));
}

}  // namespace

std::array<int64_t, 2> most_covered(int width, int height) {
  return {longest_side(width) + 1, longest_side(height) + 1};
}

Pixels prepare_centered(const Pixels& image, int width, int height) {
  return with_halved(image, width, height, [&](const Pixels& small) {
    const auto [w, h] = covering(small, width, height);
    return resample_part(small, w, h, {(w - width) / 2, (h - height) / 2, width, height}, Filter::kBicubic);
  });
}

Pixels prepare_random(const Pixels& image, int width, int height, CounterRandom& random) {
  // For a square: the short side is drawn from size .. ceil(size / 0.8).
  const int shorter = std::min(width, height), most = longest_side(shorter);
  const int side = shorter + int(random.below(static_cast<uint64_t>(most - shorter + 1)));
  const auto grown = [&](int size) { return size * side / shorter; };
  return with_halved(image, grown(width), grown(height), [&](const Pixels& small) {
    const auto [w, h] = covering(small, grown(width), grown(height));
    const auto left = int64_t(random.below(static_cast<uint64_t>(w - width + 1)));
    const auto top = int64_t(random.below(static_cast<uint64_t>(h - height + 1)));
    return resample_part(small, w, h, {left, top, width, height}, Filter::kBicubic);
  });
}

Pixels cut(const Pixels& image, const std::array<int64_t, 4>& rectangle) {
  const auto [left, top, right, bottom] = rectangle;
  const int x0 = int(std::clamp<int64_t>(left, 0, image.width)),
            x1 = int(std::clamp<int64_t>(right, x0, image.width));
  const int y0 = int(std::clamp<int64_t>(top, 0, image.height)),
            y1 = int(std::clamp<int64_t>(bottom, y0, image.height));
  return window(image, x0, y0, x1 - x0, y1 - y0);
}

}  // namespace uvic
