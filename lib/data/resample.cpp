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

struct Range {
  int64_t begin;
  int count;
};

/// Of the places `part` of `out`.
Taps make_taps(int in, int64_t out, Range part, Filter filter) {
  const double scale = double(in) / double(out), widening = std::max(scale, 1.0);
  const double support = (filter == Filter::kBox ? 0.5 : 2.0) * widening;
  Taps taps;
  taps.most = int(std::ceil(support)) * 2 + 1;
  taps.weights.resize(static_cast<size_t>(part.count) * static_cast<size_t>(taps.most));
  std::vector<double> weights(static_cast<size_t>(taps.most));
  for (int i = 0; i < part.count; ++i) {
    const double center = (double(part.begin + i) + 0.5) * scale;
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
void resample_rows(const Pixels& from, const Taps& taps, int first_row, Pixels& to) {
  for (int y = 0; y < to.height; ++y) {
    const uint8_t* in = from.row(first_row + y);
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

/// resample_rows where each output place is the mean of two input places of its own: the same bytes, in a
/// fraction of the time.
template <int C>
void halve_rows(const Pixels& from, int first_column, int first_row, Pixels& to) {
  for (int y = 0; y < to.height; ++y) {
    const uint8_t* __restrict in = from.row(first_row + y) + first_column * C;
    uint8_t* __restrict out = to.row(y);
    for (int x = 0; x < to.width; ++x) {
      for (int c = 0; c < C; ++c)
        out[x * C + c] = static_cast<uint8_t>((in[2 * x * C + c] + in[(2 * x + 1) * C + c] + 1) >> 1);
    }
  }
}

// Whole rows at a time, which the compiler turns into vector code.
void resample_columns(const Pixels& from, const Taps& taps, int first_column, Pixels& to) {
  const size_t stride = to.stride();
  std::vector<int32_t> sum(stride);
  for (int y = 0; y < to.height; ++y) {
    std::fill(sum.begin(), sum.end(), 1 << (kPrecisionBits - 1));
    for (int k = 0; k < taps.count[static_cast<size_t>(y)]; ++k) {
      const uint8_t* in = from.row(taps.first[static_cast<size_t>(y)] + k) + first_column * from.channels;
      const int32_t weight = taps.of(y)[k];
      for (size_t x = 0; x < stride; ++x) sum[x] += in[x] * weight;
    }
    uint8_t* out = to.row(y);
    for (size_t x = 0; x < stride; ++x) out[x] = to_byte(sum[x]);
  }
}

/// A pass along one side: `in` places of the whole image scaled to `out`, of which `part` is wanted.
struct Pass {
  int in;
  int64_t out;
  Range part;
  Filter filter;

  bool is_idle() const { return in == out; }
  bool halves() const { return filter == Filter::kBox && in == 2 * out; }
  /// The input places that `part` is made of.
  Range needed() const {
    if (is_idle()) return part;
    const Taps first = make_taps(in, out, {part.begin, 1}, filter);
    const Taps last = make_taps(in, out, {part.begin + part.count - 1, 1}, filter);
    return {first.first[0], last.first[0] + last.count[0] - first.first[0]};
  }
  /// For an image that lacks what lies before `origin`.
  Taps taps(int64_t origin) const {
    Taps taps = make_taps(in, out, part, filter);
    for (int& first : taps.first) first -= int(origin);
    return taps;
  }
};

Pixels cut(const Pixels& image, Range columns, Range rows) {
  if (columns.count == image.width && rows.count == image.height) return image;
  Pixels part(columns.count, rows.count, image.channels);
  for (int y = 0; y < rows.count; ++y) {
    const uint8_t* from = image.row(int(rows.begin) + y) + columns.begin * image.channels;
    std::copy_n(from, part.stride(), part.row(y));
  }
  return part;
}

/// Of `rows` of an image whose first column is `origin` of the whole one.
Pixels to_width(const Pixels& image, const Pass& pass, int64_t origin, Range rows) {
  if (pass.is_idle()) return cut(image, {pass.part.begin - origin, pass.part.count}, rows);
  Pixels result(pass.part.count, rows.count, image.channels);
  const auto first = int(rows.begin);
  if (pass.halves()) {
    const auto column = int(2 * pass.part.begin - origin);
    image.channels == 3 ? halve_rows<3>(image, column, first, result)
                        : halve_rows<1>(image, column, first, result);
    return result;
  }
  const Taps taps = pass.taps(origin);
  image.channels == 3 ? resample_rows<3>(image, taps, first, result)
                      : resample_rows<1>(image, taps, first, result);
  return result;
}

/// Of `columns` of an image whose first row is `origin` of the whole one.
Pixels to_height(const Pixels& image, const Pass& pass, int64_t origin, Range columns) {
  if (pass.is_idle()) return cut(image, columns, {pass.part.begin - origin, pass.part.count});
  Pixels result(columns.count, pass.part.count, image.channels);
  resample_columns(image, pass.taps(origin), int(columns.begin), result);
  return result;
}

}  // namespace

Pixels resample(const Pixels& image, int width, int height, Filter filter) {
  return resample_part(image, width, height, {0, 0, width, height}, filter);
}

Pixels resample_part(const Pixels& image, int64_t width, int64_t height, const std::array<int64_t, 4>& part,
                     Filter filter) {
  const Pass across{image.width, width, {part[0], int(part[2])}, filter};
  const Pass down{image.height, height, {part[1], int(part[3])}, filter};
  const bool tall = image.height > int64_t{kTall} * image.width && height < image.height;
  if (tall) {
    const Range columns = across.needed();
    return to_width(to_height(image, down, 0, columns), across, columns.begin, {0, down.part.count});
  }
  const Range rows = down.needed();
  return to_height(to_width(image, across, 0, rows), down, rows.begin, {0, across.part.count});
}

}  // namespace uvic
