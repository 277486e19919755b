#include "sampling/drawing.h"

#include <ATen/ATen.h>

#include <opencv2/imgproc.hpp>

namespace uvic {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kScale = 0.4;
constexpr int64_t kLeastWidth = 112;

}  // namespace

int64_t enlarged_by(int64_t W) {
  return std::max<int64_t>((kLeastWidth + W - 1) / W, 1);
}

cv::Mat enlarged(const at::Tensor& image, int64_t by) {
  const at::Tensor pixels = image.expand({3, -1, -1}).permute({1, 2, 0}).contiguous();
  const cv::Mat small(int(pixels.size(0)), int(pixels.size(1)), CV_8UC3, pixels.data_ptr());
  cv::Mat large;
  cv::resize(small, large, {}, double(by), double(by), cv::INTER_NEAREST);
  return large;
}

at::Tensor picture_of(const cv::Mat& sheet) {
  return at::from_blob(sheet.data, {sheet.rows, sheet.cols, 3}, at::kByte).permute({2, 0, 1}).contiguous();
}

int caption_width(const std::string& text) {
  int below = 0;
  return cv::getTextSize(text, kFont, kScale, 1, &below).width;
}

void put_caption(cv::Mat& sheet, const std::string& text, const cv::Point& at) {
  cv::putText(sheet, text, at, kFont, kScale, cv::Scalar::all(40), 1, cv::LINE_AA);
}

}  // namespace uvic
