#include "sampling/captioned_grid.h"

#include <ATen/ATen.h>

#include "io/mat.h"
#include "io/unicode.h"
#include "sampling/drawing.h"

namespace uvic {
namespace {

constexpr int kLines = 3, kLineHeight = 15, kGap = 8;

// `text` cut behind as many letters as leave room for the dots.
std::string cut_to(std::string text, int width) {
  if (caption_width(text) <= width) return text;
  while (!text.empty() && caption_width(text + "...") > width) text.pop_back();
  return text + "...";
}

// Broken between words; what the last line has no room for is left out.
std::vector<std::string> wrapped(const std::string& text, int width) {
  std::vector<std::string> lines = {""};
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (caption_width(longer) <= width || lines.back().empty() || lines.size() == kLines) {
      lines.back() = longer;
    } else {
      lines.push_back(word);
    }
    begin = end + 1;
  }
  for (std::string& line : lines) line = cut_to(line, width);
  return lines;
}

}  // namespace

std::pair<int64_t, int64_t> captioned_grid_size(std::pair<int64_t, int64_t> rows_cols, int64_t H, int64_t W) {
  const int64_t by = enlarged_by(W);
  return {rows_cols.first * (by * H + kLines * kLineHeight + kGap) + kGap,
          rows_cols.second * (by * W + kGap) + kGap};
}

at::Tensor captioned_grid(const at::Tensor& images, const std::vector<std::string>& captions, int64_t rows,
                          int64_t cols) {
  TORCH_CHECK(
      images.dim() == 4 && images.scalar_type() == at::kByte && (images.size(1) == 1 || images.size(1) == 3),
      "images must be uint8 [n, 1 or 3, H, W], got ", images.sizes());
  const int64_t n = images.size(0), H = images.size(2), W = images.size(3), by = enlarged_by(W);
  TORCH_CHECK(n == int64_t(captions.size()) && n <= rows * cols, n, " images, ", captions.size(),
              " captions, ", rows, " x ", cols, " places");
  const auto [height, width] = captioned_grid_size({rows, cols}, H, W);
  cv::Mat sheet(int(height), int(width), CV_8UC3, cv::Scalar::all(255));
  for (int64_t i = 0; i < n; ++i) {
    const int left = int(kGap + i % cols * (by * W + kGap)),
              top = int(kGap + i / cols * (by * H + kLines * kLineHeight + kGap));
    enlarged(images[i], by).copyTo(sheet(cv::Rect(left, top, int(by * W), int(by * H))));
    int base = top + int(by * H) + kLineHeight - 3;
    for (const std::string& line : wrapped(plain_letters(captions[size_t(i)]), int(by * W))) {
      write_caption(sheet, line, {left, base}, Align::kLeft);
      base += kLineHeight;
    }
  }
  return picture_of(sheet);
}

}  // namespace uvic
