// Small pictures made large, and text beside them: what the labelled sheets share.
#pragma once
#include <ATen/core/Tensor.h>

#include <opencv2/core.hpp>
#include <string>

namespace uvic {

/// The least whole number that makes images of this width wide enough for text.
int64_t enlarged_by(int64_t W);

/// `image`, uint8 [1 or 3, H, W], as OpenCV draws on it: [by H, by W, 3].
cv::Mat enlarged(const at::Tensor& image, int64_t by);

enum class Align { kLeft, kCentre, kRight };

/// Draws a line of text. `place`: the left end, the middle or the right end of the line on which the letters
/// stand.
void write_text(cv::Mat& picture, const std::string& text, cv::Point place, Align align, double scale = 0.45,
                const cv::Scalar& colour = {60, 60, 60});
/// Pixels that it takes.
int text_width(const std::string& text, double scale = 0.45);

/// The same of a caption.
void write_caption(cv::Mat& sheet, const std::string& text, const cv::Point& place, Align align);
int caption_width(const std::string& text);

}  // namespace uvic
