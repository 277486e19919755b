// The headers of the image formats, for image_header.cpp and the decoders.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "data/byte_view.h"
#include "data/image_header.h"

namespace uvic {

/// Each fills `header` from the first bytes of a file of its format; `file_size` is the whole file's.
/// OutOfBytes (byte_view.h) where `bytes` end too soon or the file does. Returns why pictures of that kind
/// cannot be decoded ("has 2 components, ..."); empty: they can.
std::string parse_png(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);
std::string parse_jpeg(std::span<const uint8_t> bytes, ImageHeader& header);
std::string parse_bmp(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);
std::string parse_webp(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);
std::string parse_pnm(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header);

/// Whether a JPEG's end marker comes after its picture's data; OutOfBytes if that does not begin.
bool has_jpeg_end(std::span<const uint8_t> bytes);

/// Whether a PNG's chunks lead to its last, IEND.
bool has_png_end(std::span<const uint8_t> bytes);

enum BmpCompression { kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

struct BmpLayout {
  bool core = false;  ///< the short header of OS/2
  bool top_down = false;
  int64_t width = 0, height = 0, bits = 0, compression = 0;
  size_t offset = 0;  ///< of the pixels
  size_t row_bytes() const { return size_t(width * bits + 31) / 32 * 4; }
};
BmpLayout bmp_layout(std::span<const uint8_t> bytes);

/// P1 to P6 of netpbm and the PFM.
struct PnmLayout {
  char kind = 0;  ///< '1' .. '6', 'f', 'F'
  int64_t width = 0, height = 0;
  int64_t most = 1;  ///< the value of white; 1 for bitmaps and PFM
  int samples = 1;
  bool little_endian = false;
  size_t data = 0;  ///< where the samples begin
  bool is_text() const { return kind >= '1' && kind <= '3'; }
  bool is_bitmap() const { return kind == '1' || kind == '4'; }
  bool is_float() const { return kind == 'f' || kind == 'F'; }
  bool bottom_up() const { return is_float(); }
  /// Of what is not text.
  size_t row_bytes() const {
    const auto n = size_t(width * samples);
    if (kind == '4') return (n + 7) / 8;
    return is_float() ? 4 * n : most > 0xFF ? 2 * n : n;
  }
};
PnmLayout pnm_layout(std::span<const uint8_t> bytes);

/// Moves `at` past blanks and comments.
void skip_pnm_blanks(const ByteView& view, size_t& at);
/// A whole number at `at`, which moves past it; -1 if there is none.
int64_t read_pnm_number(const ByteView& view, size_t& at);

}  // namespace uvic
