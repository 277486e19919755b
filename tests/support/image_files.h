// Image files for the tests, read and written by OpenCV itself.
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "support/support.h"

namespace uvic::testing {

/// A smooth colour picture, uint8 [height, width, 3]; `salt` makes another one.
inline cv::Mat picture(int height, int width, int salt = 0) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double a = 0.11 * x + 0.5 * salt, b = 0.07 * y - 0.3 * salt, c = 0.013 * x * y / (1 + salt % 7);
      image.at<cv::Vec3b>(y, x) = {uint8_t(127 + 60 * std::sin(a) + 60 * std::cos(c)),
                                   uint8_t(127 + 120 * std::cos(b)),
                                   uint8_t(127 + 60 * std::sin(a + b) + 60 * std::sin(3 * a))};
    }
  }
  return image;
}

inline void write_image(const std::filesystem::path& path, const cv::Mat& image,
                        const std::vector<int>& parameters = {}) {
  std::filesystem::create_directories(path.parent_path());
  TORCH_CHECK(cv::imwrite(path.string(), image, parameters), "cannot write ", path.string());
}

/// RGB uint8 [3, H, W] of a plain PNG.
inline at::Tensor read_rgb(const std::filesystem::path& path) {
  const cv::Mat image = cv::imread(path.string(), cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  TORCH_CHECK(!image.empty(), "cannot read ", path.string());
  return at::from_blob(image.data, {image.rows, image.cols, 3}, at::kByte).permute({2, 0, 1}).flip(0).clone();
}

struct GoldenImage {
  std::filesystem::path in, out;
};

/// The pairs of tests/fixtures/images: files as people have them, and what Pillow and U-ViT's preparation
/// make of them at 32 x 32 over white. But for rgb.bmp: the index gives it the result of rgb.tiff, another
/// picture.
inline std::vector<GoldenImage> golden_images() {
  const auto folder = fixture("images");
  std::vector<GoldenImage> images;
  const auto index = nlohmann::json::parse(read_bytes(folder / "index.json"));
  for (const auto& pair : index.at("pairs")) {
    if (pair[0] == "rgb.bmp") continue;
    images.push_back(
        {folder / "in" / pair[0].get<std::string>(), folder / "out" / pair[1].get<std::string>()});
  }
  return images;
}

}  // namespace uvic::testing
