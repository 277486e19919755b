#include "data/resample.h"

#include <algorithm>
#include <cmath>

namespace uvic {
namespace {

// Weights are fixed point: 8 bits of pixel, 2 of headroom for the bicubic's overshoot.
constexpr int kPrecisionBits = 32 - 8 - 2;
// Since 12.2 Pillow shrinks tall images along their height first; how tall has changed since (100 times their
// width in 12.2). The golden files, of a later version, need a number between 1.5 and 2.4. The order is worth
// 4 grey levels.
constexpr int kTall = 2;

double box(double x) {
  return -0.5 < x && x <= 0.5 ? 1.0 : 0.0;
}

// Keys' cubic with a = -0.5.
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// For each output place: the first input place and the weights from there on.
struct Taps {
  std::vector<int> first, count;
  std::vector<int32_t> weights;  // [out, most]
  int most = 0;
  const int32_t* of(int i) const {
    return weights.data() + static_cast<size_t>(i) * static_cast<size_t>(most);
  }
};

Taps make_taps(int in, int out, Filter filter) {
  const double scale = double(in) / out, widening = std::max(scale, 1.0);
  const double support = (filter == Filter::kBox ? 0.5 : 2.0) * widening;
  Taps taps;
  taps.most = int(std::ceil(support)) * 2 + 1;
  taps.weights.resize(static_cast<size_t>(out) * static_cast<size_t>(taps.most));
  std::vector<double> weights(static_cast<size_t>(taps.most));
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(int(center - support + 0.5), 0);
    const int count = std::min(int(center + support + 0.5), in) - first;
    double sum = 0;
    for (int k = 0; k < count; ++k) {
      const double x = (k + first - center + 0.5) / widening;
      sum += weights[static_cast<size_t>(k)] = filter == Filter::kBox ? box(x) : bicubic(x);
    }
    for (int k = 0; k < count; ++k) {
      const double fixed = weights[static_cast<size_t>(k)] / sum * (1 << kPrecisionBits);
      taps.weights[static_cast<size_t>(i * taps.most + k)] = int32_t(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    taps.first.push_back(first);
    taps.count.push_back(count);
  }
  return taps;
}

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

template <int C>
void resample_rows(const Pixels& from, const Taps& taps, Pixels& to) {
  for (int y = 0; y < to.height; ++y) {
    const uint8_t* in = from.row(y);
    uint8_t* out = to.row(y);
    for (int x = 0; x < to.width; ++x, out += C) {
      const int32_t* weights = taps.of(x);
      const uint8_t* pixel = in + taps.first[static_cast<size_t>(x)] * C;
      int32_t sum[C];
      std::fill_n(sum, C, 1 << (kPrecisionBits - 1));
      for (int k = 0; k < taps.count[static_cast<size_t>(x)]; ++k, pixel += C) {
        for (int c = 0; c < C; ++c) sum[c] += pixel[c] * weights[k];
      }
      for (int c = 0; c < C; ++c) out[c] = to_byte(sum[c]);
    }
  }
}

// Whole rows at a time, which the compiler turns into vector code.
void resample_columns(const Pixels& from, const Taps& taps, Pixels& to) {
  const size_t stride = from.stride();
  std::vector<int32_t> sum(stride);
  for (int y = 0; y < to.height; ++y) {
    std::fill(sum.begin(), sum.end(), 1 << (kPrecisionBits - 1));
    for (int k = 0; k < taps.count[static_cast<size_t>(y)]; ++k) {
      const uint8_t* in = from.row(taps.first[static_cast<size_t>(y)] + k);
      const int32_t weight = taps.of(y)[k];
      for (size_t x = 0; x < stride; ++x) sum[x] += in[x] * weight;
    }
    uint8_t* out = to.row(y);
    for (size_t x = 0; x < stride; ++x) out[x] = to_byte(sum[x]);
  }
}

Pixels to_width(const Pixels& image, int width, Filter filter) {
  if (width == image.width) return image;
  Pixels result(width, image.height, image.channels);
  const Taps taps = make_taps(image.width, width, filter);
  image.channels == 3 ? resample_rows<3>(image, taps, result) : resample_rows<1>(image, taps, result);
  return result;
}

Pixels to_height(const Pixels& image, int height, Filter filter) {
  if (height == image.height) return image;
  Pixels result(image.width, height, image.channels);
  resample_columns(image, make_taps(image.height, height, filter), result);
  return result;
}

}  // namespace

Pixels resample(const Pixels& image, int width, int height, Filter filter) {
  const bool tall = image.height > kTall * image.width && height < image.height;
  return tall ? to_width(to_height(image, height, filter), width, filter)
              : to_height(to_width(image, width, filter), height, filter);
}

}  // namespace uvic
