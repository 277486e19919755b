#include "sampling/drawing.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "io/mat.h"

namespace uvic {
namespace {

constexpr double kCaptionScale = 0.4;
constexpr int64_t kLeastWidth = 112;

}  // namespace

int64_t enlarged_by(int64_t W) {
  return std::max<int64_t>((kLeastWidth + W - 1) / W, 1);
}

cv::Mat enlarged(const at::Tensor& image, int64_t by) {
  cv::Mat large;
  cv::resize(mat_of(image), large, {}, double(by), double(by), cv::INTER_NEAREST);
  return large;
}

int text_width(const std::string& text, double scale) {
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, 1, nullptr).width;
}

void write_text(cv::Mat& picture, const std::string& text, cv::Point place, Align align, double scale,
                const cv::Scalar& colour) {
  const int width = text_width(text, scale);
  place.x -= align == Align::kLeft ? 0 : align == Align::kCentre ? width / 2 : width;
  cv::putText(picture, text, place, cv::FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv::LINE_AA);
}

int caption_width(const std::string& text) {
  return text_width(text, kCaptionScale);
}

void write_caption(cv::Mat& sheet, const std::string& text, const cv::Point& place, Align align) {
  write_text(sheet, text, place, align, kCaptionScale, cv::Scalar::all(40));
}

}  // namespace uvic
