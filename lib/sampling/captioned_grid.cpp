#include "sampling/captioned_grid.h"

#include <ATen/ATen.h>

#include <opencv2/imgproc.hpp>

#include "io/unicode.h"

namespace uvic {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX, kLines = 3, kLineHeight = 15, kGap = 8;
constexpr double kScale = 0.4;
constexpr int64_t kLeastWidth = 112;

int64_t enlarged_by(int64_t W) {
  return std::max<int64_t>((kLeastWidth + W - 1) / W, 1);
}

int width_of(const std::string& text) {
  int below = 0;
  return cv::getTextSize(text, kFont, kScale, 1, &below).width;
}

// `text` cut behind as many letters as leave room for the dots.
std::string cut_to(std::string text, int width) {
  if (width_of(text) <= width) return text;
  while (!text.empty() && width_of(text + "...") > width) text.pop_back();
  return text + "...";
}

// Broken between words; what the last line has no room for is left out.
std::vector<std::string> wrapped(const std::string& text, int width) {
  std::vector<std::string> lines = {""};
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (width_of(longer) <= width || lines.back().empty() || lines.size() == kLines) {
      lines.back() = longer;
    } else {
      lines.push_back(word);
    }
    begin = end + 1;
  }
  for (std::string& line : lines) line = cut_to(line, width);
  return lines;
}

// [3, H, W] as OpenCV draws on it: [H, W, 3].
cv::Mat enlarged(const at::Tensor& image, int64_t by) {
  const at::Tensor pixels = image.expand({3, -1, -1}).permute({1, 2, 0}).contiguous();
  const cv::Mat small(int(pixels.size(0)), int(pixels.size(1)), CV_8UC3, pixels.data_ptr());
  cv::Mat large;
  cv::resize(small, large, {}, double(by), double(by), cv::INTER_NEAREST);
  return large;
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
      cv::putText(sheet, line, {left, base}, kFont, kScale, cv::Scalar::all(40), 1, cv::LINE_AA);
      base += kLineHeight;
    }
  }
  return at::from_blob(sheet.data, {height, width, 3}, at::kByte).permute({2, 0, 1}).contiguous();
}

}  // namespace uvic
