// Image files to pixels (OpenCV decodes; what it leaves out is done here).
#pragma once
#include <array>
#include <filesystem>
#include <vector>

#include "data/pixels.h"

namespace uvic {

struct DecodeOptions {
  int channels = 3;                                  ///< 3: RGB, 1: grey (ITU-R 601, as Pillow's "L")
  std::array<uint8_t, 3> background{255, 255, 255};  ///< what shows through transparency
};

/// Decodes PNG, JPEG, BMP, WebP (not animated) or TIFF: grey, palette, RGB or CMYK, with or without alpha, of
/// 8 or 16 bits (the upper 8 are taken), turned as its EXIF orientation says. UsageError names the file and
/// what is wrong with it.
Pixels decode_image(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace uvic
