#include "inspect/drawing.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "inspect/text_table.h"

namespace uvic {
namespace {

using Colour = std::array<double, 3>;

// ColorBrewer's RdBu, from its blue end to its red one.
constexpr std::array<Colour, 5> kBlueToRed = {
    {{33, 102, 172}, {146, 197, 222}, {255, 255, 255}, {244, 165, 130}, {178, 24, 43}}};
// Nine of matplotlib's viridis.
constexpr std::array<Colour, 9> kViridis = {{{68, 1, 84},
                                             {71, 45, 123},
                                             {59, 82, 139},
                                             {44, 114, 142},
                                             {33, 145, 140},
                                             {40, 174, 128},
                                             {94, 201, 98},
                                             {173, 220, 48},
                                             {253, 231, 37}}};

template <size_t n>
cv::Scalar between(const std::array<Colour, n>& colours, double share) {
  const double place = std::clamp(share, 0.0, 1.0) * double(n - 1);
  const auto i = std::min(size_t(place), n - 2);
  const double part = place - double(i);
  const auto mixed = [&](size_t c) { return (1 - part) * colours[i][c] + part * colours[i + 1][c]; };
  return {mixed(0), mixed(1), mixed(2)};
}

}  // namespace

cv::Mat blank(int height, int width) {
  return {height, width, CV_8UC3, cv::Scalar(255, 255, 255)};
}

cv::Scalar ColourScale::colour(double value) const {
  if (std::isnan(value)) return {215, 215, 215};
  const double share = high > low ? (value - low) / (high - low) : 0.5;
  return is_signed ? between(kBlueToRed, share) : between(kViridis, share);
}

ColourScale ColourScale::around(const at::Tensor& values, bool is_signed) {
  const at::Tensor known = values.masked_select(values.isfinite());
  if (known.numel() == 0) return {is_signed ? -1.0 : 0.0, 1, is_signed};
  const double low = known.min().item<double>(), high = known.max().item<double>();
  if (!is_signed) return {low, high > low ? high : low + 1, false};
  const double most = std::max(std::abs(low), std::abs(high));
  return {most > 0 ? -most : -1, most > 0 ? most : 1, true};
}

void draw_colour_bar(cv::Mat& picture, const ColourScale& scale, cv::Rect place) {
  for (int y = 0; y < place.height; ++y) {
    const double share = 1 - double(y) / std::max(place.height - 1, 1);
    cv::line(picture, {place.x, place.y + y}, {place.x + place.width - 1, place.y + y},
             scale.colour(scale.low + share * (scale.high - scale.low)));
  }
  cv::rectangle(picture, place, {120, 120, 120});
  constexpr int kTicks = 4;
  for (int i = 0; i <= kTicks; ++i) {
    const double share = double(i) / kTicks;
    const int y = place.y + place.height - 1 - int(std::lround(share * (place.height - 1)));
    const int right = place.x + place.width;
    cv::line(picture, {right, y}, {right + 4, y}, {120, 120, 120});
    write_text(picture, cell(scale.low + share * (scale.high - scale.low)), {right + 8, y + 4}, Align::kLeft,
               0.4);
  }
}

}  // namespace uvic
