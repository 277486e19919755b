#include "data/prepare.h"

#include <algorithm>
#include <cmath>

#include "data/resample.h"

namespace uvic {
namespace {

Pixels cover(Pixels image, int width, int height) {
  while (image.width >= 2 * width && image.height >= 2 * height) {
    image = resample(image, image.width / 2, image.height / 2, Filter::kBox);
  }
  const double scale = std::max(double(width) / image.width, double(height) / image.height);
  // nearbyint rounds halves to even, as Python's round does.
  const auto scaled = [scale](int side) { return int(std::nearbyint(side * scale)); };
  return resample(image, std::max(scaled(image.width), width), std::max(scaled(image.height), height),
                  Filter::kBicubic);
}

Pixels window(const Pixels& image, int left, int top, int width, int height) {
  Pixels part(width, height, image.channels);
  for (int y = 0; y < height; ++y) {
    std::copy_n(image.row(top + y) + left * image.channels, part.stride(), part.row(y));
  }
  return part;
}

}  // namespace

Pixels prepare_centered(const Pixels& image, int width, int height) {
  const Pixels scaled = cover(image, width, height);
  return window(scaled, (scaled.width - width) / 2, (scaled.height - height) / 2, width, height);
}

Pixels prepare_random(const Pixels& image, int width, int height, CounterRandom& random) {
  // For a square: the short side is drawn from size .. ceil(size / 0.8).
  const int shorter = std::min(width, height), most = int(std::ceil(shorter / 0.8));
  const int side = shorter + int(random.below(static_cast<uint64_t>(most - shorter + 1)));
  const auto grown = [&](int size) { return size * side / shorter; };
  const Pixels scaled = cover(image, grown(width), grown(height));
  const int left = int(random.below(static_cast<uint64_t>(scaled.width - width + 1)));
  const int top = int(random.below(static_cast<uint64_t>(scaled.height - height + 1)));
  return window(scaled, left, top, width, height);
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
