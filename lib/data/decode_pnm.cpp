#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "data/byte_view.h"
#include "data/decoders.h"
#include "data/image_formats.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;

/// Whole numbers in ASCII, with comments; those of a bitmap are single digits that nothing need separate.
class Numbers {
 public:
  Numbers(Bytes bytes, size_t at, bool bits) : view_(bytes), at_(at), bits_(bits) {}
  int64_t next() {
    skip_pnm_blanks(view_, at_);
    if (bits_) return digit(view_.u8(at_++));
    return read_pnm_number(view_, at_);
  }

 private:
  static int64_t digit(uint8_t byte) { return byte == '0' || byte == '1' ? byte - '0' : -1; }
  ByteView view_;
  size_t at_;
  bool bits_;
};

/// 16 bits as they are, to be cut to their upper 8; everything else scaled, rounding halves to even as
/// Pillow.
uint8_t scaled(int64_t value, int64_t most) {
  return static_cast<uint8_t>(std::nearbyint(double(value) * 255 / double(most)));
}

float little_or_big(const uint8_t* bytes, bool little) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if (little != (std::endian::native == std::endian::little)) word = __builtin_bswap32(word);
  return std::bit_cast<float>(word);
}

class PnmRows {
 public:
  PnmRows(Bytes bytes, const PnmLayout& layout, const std::string& name)
      : bytes_(bytes),
        layout_(layout),
        name_(name),
        numbers_(bytes, layout.data, layout.kind == '1'),
        deep_(size_t(layout.width * layout.samples)) {}
  /// The next row as stored, of 8-bit samples.
  void read(int64_t y, uint8_t* out, PixelRows& rows) {
    const size_t n = deep_.size();
    const uint8_t* in =
        layout_.is_text() ? nullptr : bytes_.data() + layout_.data + size_t(y) * layout_.row_bytes();
    if (layout_.kind == 'f' || layout_.kind == 'F') {
      for (size_t i = 0; i < n; ++i) {
        const float value = little_or_big(in + 4 * i, layout_.little_endian);
        check_usage(!std::isnan(value), name_, ": this PFM holds NaN");
        out[i] = static_cast<uint8_t>(std::nearbyint(255 * std::clamp(value, 0.0F, 1.0F)));
      }
      return;
    }
    for (size_t i = 0; i < n; ++i) {
      const int64_t value = in == nullptr         ? numbers_.next()
                            : layout_.kind == '4' ? in[i / 8] >> (7 - i % 8) & 1
                            : layout_.most > 0xFF ? in[2 * i] << 8 | in[2 * i + 1]
                                                  : in[i];
      check_usage(0 <= value && value <= layout_.most, name_, ": damaged: a sample is not from 0 to ",
                  layout_.most);
      deep_[i] = static_cast<uint16_t>(value);
    }
    if (layout_.most == 0xFFFF) {
      std::copy_n(rows.upper_bytes(deep_.data(), layout_.samples), n, out);
      return;
    }
    for (size_t i = 0; i < n; ++i) out[i] = scaled(deep_[i], layout_.most);
    for (size_t i = 0; layout_.is_bitmap() && i < n; ++i) out[i] = 255 - out[i];  // 1 is black
  }

 private:
  Bytes bytes_;
  const PnmLayout& layout_;
  const std::string& name_;
  Numbers numbers_;
  std::vector<uint16_t> deep_;  // a row
};

}  // namespace

void decode_pnm(Bytes bytes, const std::string& name, PixelRows& rows) {
  try {
    const PnmLayout layout = pnm_layout(bytes);
    rows.begin(layout.width, layout.height, layout.samples);
    PnmRows source(bytes, layout, name);
    std::vector<uint8_t> row(size_t(layout.width * layout.samples));
    for (int64_t y = 0; y < layout.height; ++y) {
      source.read(y, row.data(), rows);
      rows.put(layout.bottom_up() ? layout.height - 1 - y : y, row.data());
    }
  } catch (const OutOfBytes&) {
    usage_error(name, ": truncated: the file ends before the picture does");
  }
}

}  // namespace uvic
