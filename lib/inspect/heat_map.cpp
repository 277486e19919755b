#include "inspect/heat_map.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "inspect/drawing.h"
#include "inspect/text_table.h"
#include "io/mat.h"

namespace uvic {
namespace {

constexpr int kCellHeight = 28, kTopRoom = 52, kBottom = 46, kGap = 24, kBar = 18, kBarText = 74;
constexpr double kSmall = 0.4;

int widest(const std::vector<std::string>& texts) {
  int width = 0;
  for (const std::string& text : texts) width = std::max(width, text_width(text));
  return width;
}

// Readable on that colour.
cv::Scalar ink_on(const cv::Scalar& colour) {
  const double light = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
  return light < 130 ? cv::Scalar(255, 255, 255) : cv::Scalar(40, 40, 40);
}

}  // namespace

at::Tensor draw_heat_map(const HeatMap& map) {
  const at::Tensor values = map.values.to(at::kDouble).contiguous();
  const auto value = values.accessor<double, 2>();
  const int rows = int(values.size(0)), columns = int(values.size(1));
  const int cell_width = std::max(54, widest(map.columns) + 12);
  const int left = std::max(widest(map.rows), text_width(map.rows_title)) + 18;
  const int width =
      std::max(left + columns * cell_width + kGap + kBar + kBarText, text_width(map.title, 0.55) + 24);
  cv::Mat picture = blank(kTopRoom + rows * kCellHeight + kBottom, width);
  const ColourScale scale = ColourScale::around(values, map.is_signed);
  write_text(picture, map.title, {10, 22}, Align::kLeft, 0.55);
  write_text(picture, map.rows_title, {left - 8, kTopRoom - 8}, Align::kRight);
  write_text(picture, map.columns_title, {left + columns * cell_width / 2, picture.rows - 10},
             Align::kCentre);
  for (int row = 0; row < rows; ++row) {
    const int y = kTopRoom + row * kCellHeight;
    write_text(picture, map.rows[size_t(row)], {left - 8, y + kCellHeight / 2 + 5}, Align::kRight);
    for (int column = 0; column < columns; ++column) {
      const cv::Rect place(left + column * cell_width, y, cell_width, kCellHeight);
      const double number = value[row][column];
      const cv::Scalar colour = scale.colour(number);
      picture(place).setTo(colour);
      write_text(picture, cell(number), {place.x + cell_width / 2, y + kCellHeight / 2 + 5}, Align::kCentre,
                 kSmall, ink_on(colour));
    }
  }
  for (int column = 0; column < columns; ++column) {
    write_text(picture, map.columns[size_t(column)],
               {left + column * cell_width + cell_width / 2, kTopRoom + rows * kCellHeight + 18},
               Align::kCentre);
  }
  draw_colour_bar(picture, scale,
                  {left + columns * cell_width + kGap, kTopRoom, kBar, std::max(rows * kCellHeight, 1)});
  return picture_of(picture);
}

}  // namespace uvic
