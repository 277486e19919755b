// What the pictures are drawn with, besides sampling/drawing.h. OpenCV, in RGB.
#pragma once
#include <ATen/core/Tensor.h>

#include <opencv2/core.hpp>

#include "sampling/drawing.h"

namespace uvic {

/// A white picture.
cv::Mat blank(int height, int width);

/// Of values from a least to a most one.
struct ColourScale {
  double low = 0, high = 1;
  bool is_signed = false;  ///< blue below 0, white at 0, red above; else dark to light, as viridis

  /// Grey for NaN.
  cv::Scalar colour(double value) const;
  /// From the smallest value to the largest; of signed values from -m to m with the largest |value| m.
  static ColourScale around(const at::Tensor& values, bool is_signed);
};

/// A bar of the scale with its numbers to the right.
void draw_colour_bar(cv::Mat& picture, const ColourScale& scale, cv::Rect place);

}  // namespace uvic
