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

/// uint8 [3, H, W] of such a sheet.
at::Tensor picture_of(const cv::Mat& sheet);

/// Pixels that a line of text takes.
int caption_width(const std::string& text);
/// Draws a line of it, its left end and base line at `at`.
void put_caption(cv::Mat& sheet, const std::string& text, const cv::Point& at);

}  // namespace uvic
