#include "data/pixels.h"

#include <ATen/ops/empty.h>

namespace uvic {

void split_channels(const uint8_t* in, int64_t pixels, int64_t channels, uint8_t* out) {
  for (int64_t c = 0; c < channels; ++c) {
    const uint8_t* from = in + c;
    for (int64_t i = 0; i < pixels; ++i, from += channels) *out++ = *from;
  }
}

at::Tensor to_tensor(const Pixels& pixels) {
  at::Tensor tensor = at::empty({pixels.channels, pixels.height, pixels.width}, at::kByte);
  split_channels(pixels.data.data(), int64_t{pixels.height} * pixels.width, pixels.channels,
                 tensor.mutable_data_ptr<uint8_t>());
  return tensor;
}

}  // namespace uvic
