// Pictures as OpenCV has them. Header-only: a room that draws links OpenCV itself.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <opencv2/core.hpp>

namespace uvic {

/// uint8 [1 or 3, H, W] -> [H, W, 3], of its own memory.
inline cv::Mat mat_of(const at::Tensor& picture) {
  const at::Tensor pixels = picture.expand({3, -1, -1}).permute({1, 2, 0}).contiguous();
  return cv::Mat(int(pixels.size(0)), int(pixels.size(1)), CV_8UC3, pixels.data_ptr()).clone();
}

/// [H, W, 3] of bytes -> uint8 [3, H, W], of its own memory.
inline at::Tensor picture_of(const cv::Mat& mat) {
  return at::from_blob(mat.data, {mat.rows, mat.cols, 3}, at::kByte).permute({2, 0, 1}).contiguous();
}

}  // namespace uvic
