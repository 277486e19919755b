// What the pictures are drawn with. OpenCV, in RGB.
#pragma once
#include <ATen/core/Tensor.h>

#include <opencv2/core.hpp>
#include <string>

namespace uvic {

enum class Align { kLeft, kCentre, kRight };

/// A white picture.
cv::Mat blank(int height, int width);

/// `place`: the left end, the middle or the right end of the line on which the letters stand.
void write_text(cv::Mat& picture, const std::string& text, cv::Point place, Align align, double scale = 0.45,
                const cv::Scalar& colour = {60, 60, 60});
int text_width(const std::string& text, double scale = 0.45);

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

/// uint8 [3, H, W].
at::Tensor picture_tensor(const cv::Mat& picture);

}  // namespace uvic
