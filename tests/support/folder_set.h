// A small folder of images, for runs that train on one.
#pragma once
#include "support/image_files.h"
#include "tasks/diffusion/config.h"

namespace uvic::testing {

/// Twelve pictures of 20 x 24 in four class folders, one of them half transparent.
inline std::filesystem::path write_folder_set(const std::filesystem::path& folder) {
  for (int i = 0; i < 12; ++i) {
    write_image(folder / (std::string(1, char('a' + i % 4)) + "/" + std::to_string(i) + ".png"),
                picture(20, 24, i));
  }
  cv::Mat half(20, 24, CV_8UC4, cv::Scalar(10, 20, 30, 128));
  write_image(folder / "a/half.png", half);
  return folder;
}

/// Breaks a picture of write_folder_set in a way that its header does not show.
inline void damage_folder_set(const std::filesystem::path& folder) {
  std::string bytes = read_bytes(folder / "b/5.png");
  bytes[bytes.size() / 2] ^= 0x55;
  write_bytes(folder / "b/5.png", bytes);
}

}  // namespace uvic::testing
