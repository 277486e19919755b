// The headers of the image formats, for image_header.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "data/image_header.h"

namespace uvic {

/// Each fills `header` from the first bytes of a file of its format; `file_size` is the whole file's.
/// OutOfBytes (byte_view.h) where `bytes` end too soon or the file does.
void parse_png(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);
void parse_jpeg(std::span<const uint8_t> bytes, ImageHeader& header);
void parse_bmp(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);
void parse_webp(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);
void parse_tiff(std::span<const uint8_t> bytes, ImageHeader& header);

/// Where the picture's data begins in a JPEG.
size_t find_jpeg_scan(std::span<const uint8_t> bytes);

}  // namespace uvic
