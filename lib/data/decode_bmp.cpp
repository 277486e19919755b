#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <vector>

#include "data/byte_view.h"
#include "data/decoders.h"
#include "data/image_formats.h"

namespace uvic {
namespace {

/// A colour of a pixel of 16 or 32 bits.
struct Field {
  uint32_t mask = 0;
  /// Scaled to 8 bits, rounded down as Pillow does.
  uint8_t of(uint32_t pixel) const {
    if (mask == 0) return 0;
    const int shift = std::countr_zero(mask);
    return static_cast<uint8_t>(uint64_t{(pixel & mask) >> shift} * 255 / (mask >> shift));
  }
};

class BmpRows {
 public:
  BmpRows(std::span<const uint8_t> bytes, const BmpLayout& layout) : view_(bytes, false), layout_(layout) {
    const size_t entry = layout.core ? 3 : 4, header = 14 + view_.u32(14);
    for (size_t i = 0; layout.bits <= 8 && i < (size_t{1} << layout.bits); ++i) {
      const size_t at = header + i * entry;
      if (at + entry > layout.offset) break;  // fewer colours than there could be; others are black
      palette_[i] = {view_.u8(at + 2), view_.u8(at + 1), view_.u8(at)};
    }
    if (layout.compression == kBitFields || layout.compression == kAlphaBitFields) {
      for (size_t c = 0; c < 3; ++c) fields_[c].mask = view_.u32(54 + 4 * c);
      const bool alpha = layout.compression == kAlphaBitFields || view_.u32(14) >= 56;
      fields_[3].mask = alpha ? view_.u32(66) : 0;
    } else if (layout.bits == 16) {
      fields_ = {Field{0x7C00}, Field{0x3E0}, Field{0x1F}, Field{0}};
    } else {
      fields_ = {Field{0xFF0000}, Field{0xFF00}, Field{0xFF}, Field{0xFF000000}};
    }
    if (layout.compression == kRle8 || layout.compression == kRle4) unpack_runs();
  }
  /// Row `y` as stored, RGBA.
  void read(int64_t y, std::vector<uint8_t>& rgba) const {
    const auto width = size_t(layout_.width), bits = size_t(layout_.bits);
    const size_t at = layout_.offset + size_t(y) * layout_.row_bytes();
    for (size_t x = 0; x < width; ++x) {
      uint8_t* out = &rgba[4 * x];
      out[3] = 255;
      if (bits <= 8) {
        const uint8_t index =
            indexes_.empty()
                ? uint8_t(view_.u8(at + x * bits / 8) >> (8 - bits - x * bits % 8) & ((1U << bits) - 1))
                : indexes_[size_t(y) * width + x];
        std::copy_n(palette_[index].data(), 3, out);
      } else {
        const size_t place = at + x * bits / 8;
        const uint32_t pixel = bits == 16   ? view_.u16(place)
                               : bits == 24 ? view_.u24(place)
                                            : view_.u32(place);
        for (size_t c = 0; c < 3; ++c) out[c] = fields_[c].of(pixel);
        if (has_alpha()) out[3] = fields_[3].of(pixel);
      }
    }
  }
  bool has_alpha() const { return layout_.bits != 24 && fields_[3].mask != 0; }

 private:
  /// Pairs of a count and an index (of two, for 4 bits); after a zero 0 ends a row, 1 the picture, 2 moves,
  /// and more are so many indexes as they are, on whole 16 bits.
  void unpack_runs() {
    const auto width = size_t(layout_.width), height = size_t(layout_.height);
    const bool four = layout_.compression == kRle4;
    indexes_.resize(width * height);
    size_t x = 0, y = 0;
    const auto put = [&](uint8_t index) {
      if (x < width && y < height) indexes_[y * width + x] = index;
      ++x;
    };
    const auto nibble = [](uint8_t byte, size_t i) { return uint8_t(i % 2 == 0 ? byte >> 4 : byte & 15); };
    for (size_t at = layout_.offset; y < height;) {
      const uint8_t count = view_.u8(at), value = view_.u8(at + 1);
      at += 2;
      if (count > 0) {
        for (size_t i = 0; i < count; ++i) put(four ? nibble(value, i) : value);
      } else if (value == 0) {
        x = 0;
        ++y;
      } else if (value == 1) {
        return;
      } else if (value == 2) {
        x += view_.u8(at);
        y += view_.u8(at + 1);
        at += 2;
      } else {
        const size_t bytes = four ? (value + size_t{1}) / 2 : value;
        for (size_t i = 0; i < value; ++i) put(four ? nibble(view_.u8(at + i / 2), i) : view_.u8(at + i));
        at += bytes + bytes % 2;
      }
    }
  }
  ByteView view_;
  const BmpLayout& layout_;
  std::array<std::array<uint8_t, 3>, 256> palette_{};
  std::array<Field, 4> fields_{};
  std::vector<uint8_t> indexes_;  // of compressed pictures
};

}  // namespace

void decode_bmp(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows) {
  try {
    const BmpLayout layout = bmp_layout(bytes);
    const BmpRows source(bytes, layout);
    std::vector<uint8_t> row(4 * size_t(layout.width));
    // The fourth byte of 32 bits is mostly unused and 0, which would make all of it transparent.
    bool seen = !source.has_alpha();
    for (int64_t y = 0; !seen && y < layout.height; ++y) {
      source.read(y, row);
      for (size_t x = 0; x < row.size(); x += 4) seen = seen || row[x + 3] != 0;
    }
    rows.begin(layout.width, layout.height, 4);
    for (int64_t y = 0; y < layout.height; ++y) {
      source.read(y, row);
      for (size_t x = 0; !seen && x < row.size(); x += 4) row[x + 3] = 255;
      rows.put(layout.top_down ? y : layout.height - 1 - y, row.data());
    }
  } catch (const OutOfBytes&) {
    usage_error(name, ": truncated: the file ends before the picture does");
  }
}

}  // namespace uvic
