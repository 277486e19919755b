// An image as decoders and resizing see it.
#pragma once
#include <ATen/core/Tensor.h>

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

/// uint8 [height, width, channels] to [channels, height, width], both without gaps. A plain loop, as an ATen
/// operator in a worker would bring a thread pool of its own.
void split_channels(const uint8_t* in, int64_t pixels, int64_t channels, uint8_t* out);

/// uint8 [channels, height, width].
at::Tensor to_tensor(const Pixels& pixels);

}  // namespace uvic
