#include "data/pixel_rows.h"

#include <algorithm>

namespace uvic {
namespace {

template <int samples, int to>
void convert_row(const uint8_t* __restrict in, int width, const std::array<uint8_t, 3>& background,
                 uint8_t* __restrict out) {
  constexpr bool alpha = samples % 2 == 0, colour = samples >= 3;
  if (samples == to) {  // 1 and 3: as it is
    std::copy_n(in, width * samples, out);
    return;
  }
  for (int x = 0; x < width; ++x, in += samples, out += to) {
    std::array<int, 3> rgb{in[0], in[colour ? 1 : 0], in[colour ? 2 : 0]};
    for (size_t c = 0; alpha && c < 3; ++c) {
      const int a = in[samples - 1];
      rgb[c] = (rgb[c] * a + background[c] * (255 - a) + 127) / 255;
    }
    if (to == 3) {
      for (size_t c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(rgb[c]);
    } else {
      *out = static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    }
  }
}

template <int to>
auto converter(int samples) {
  constexpr std::array converters = {convert_row<1, to>, convert_row<2, to>, convert_row<3, to>,
                                     convert_row<4, to>};
  return converters.at(static_cast<size_t>(samples - 1));
}

}  // namespace

void PixelRows::begin(int64_t width, int64_t height, int samples) {
  convert_ = options_.channels == 3 ? converter<3>(samples) : converter<1>(samples);
  alpha_ = samples % 2 == 0;
  pixels_ = Pixels(int(width), int(height), options_.channels);
}

void PixelRows::put(int64_t y, const uint8_t* row) {
  convert_(row, pixels_.width, options_.background, pixels_.row(int(y)));
}

uint8_t* PixelRows::upper_bytes(const uint16_t* row, int samples) {
  const auto step = static_cast<size_t>(samples), n = static_cast<size_t>(pixels_.width) * step;
  const size_t colours = step % 2 == 0 ? step - 1 : step;
  upper_.resize(n);
  for (size_t i = 0; i < n; i += step) {
    for (size_t c = 0; c < colours; ++c) largest_ = std::max<int>(largest_, row[i + c]);
    for (size_t c = 0; c < step; ++c) upper_[i + c] = static_cast<uint8_t>(row[i + c] >> 8);
  }
  return upper_.data();
}

void ink_to_rgb(const uint8_t* ink, uint8_t* rgb) {
  const int light = 255 - ink[3];
  for (int c = 0; c < 3; ++c) {
    const int product = ink[c] * light + 128;
    rgb[c] = static_cast<uint8_t>(light - (((product >> 8) + product) >> 8));
  }
}

}  // namespace uvic
