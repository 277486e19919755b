// Image files to pixels (OpenCV decodes; what it leaves out is done here).
#pragma once
#include <array>
#include <filesystem>
#include <span>
#include <string>

#include "data/pixels.h"

namespace uvic {

struct DecodeOptions {
  int channels = 3;                                  ///< 3: RGB, 1: grey (ITU-R 601, as Pillow's "L")
  std::array<uint8_t, 3> background{255, 255, 255};  ///< what shows through transparency
};

/// Decodes the bytes of a PNG, JPEG, BMP, WebP (not animated) or TIFF: grey, palette, RGB or CMYK, with or
/// without alpha, of 8 or 16 bits (the upper 8 are taken), turned as its EXIF orientation says. UsageError:
/// `name` and what is wrong.
Pixels decode_image(std::span<const uint8_t> bytes, const std::string& name, const DecodeOptions& options);

/// The same of a file.
Pixels decode_image(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace uvic
