// An image as decoders and resizing see it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvic {

/// uint8 [height, width, channels], channels 1 (grey) or 3 (RGB).
struct Pixels {
  int width = 0, height = 0, channels = 0;
  std::vector<uint8_t> data;

  Pixels(int width_, int height_, int channels_)
      : width(width_),
        height(height_),
        channels(channels_),
        data(static_cast<size_t>(width_) * static_cast<size_t>(height_) * static_cast<size_t>(channels_)) {}
  size_t stride() const { return static_cast<size_t>(width) * static_cast<size_t>(channels); }
  const uint8_t* row(int y) const { return data.data() + static_cast<size_t>(y) * stride(); }
  uint8_t* row(int y) { return data.data() + static_cast<size_t>(y) * stride(); }
};

}  // namespace uvic
