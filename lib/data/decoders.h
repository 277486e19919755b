// One decoder a format, for decode.cpp. Each gives its rows to a PixelRows; UsageError as decode_image.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "data/image_header.h"
#include "data/pixel_rows.h"

namespace uvic {

void decode_png(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows);
void decode_jpeg(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows);
void decode_bmp(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows);
void decode_webp(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows);
void decode_tiff(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows);
void decode_pnm(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows);

}  // namespace uvic
