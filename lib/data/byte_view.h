// Numbers out of a span of bytes; reading past its end throws OutOfBytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace uvic {

struct OutOfBytes {};

class ByteView {
 public:
  explicit ByteView(std::span<const uint8_t> bytes, bool big_endian = true)
      : bytes_(bytes), big_endian_(big_endian) {}

  size_t size() const { return bytes_.size(); }
  uint8_t u8(size_t at) const { return part(at, 1)[0]; }
  uint16_t u16(size_t at) const { return static_cast<uint16_t>(number(at, 2)); }
  uint32_t u24(size_t at) const { return static_cast<uint32_t>(number(at, 3)); }
  uint32_t u32(size_t at) const { return static_cast<uint32_t>(number(at, 4)); }
  bool has(size_t at, std::string_view text) const {
    if (at > size() || text.size() > size() - at) return false;
    for (size_t i = 0; i < text.size(); ++i) {
      if (bytes_[at + i] != static_cast<uint8_t>(text[i])) return false;
    }
    return true;
  }
  std::span<const uint8_t> part(size_t at, size_t count) const {
    if (at > size() || count > size() - at) throw OutOfBytes{};
    return bytes_.subspan(at, count);
  }
  std::span<const uint8_t> from(size_t at) const { return at > size() ? part(at, 0) : bytes_.subspan(at); }

 private:
  uint64_t number(size_t at, size_t count) const {
    uint64_t value = 0;
    const auto bytes = part(at, count);
    for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[big_endian_ ? i : count - 1 - i];
    return value;
  }
  std::span<const uint8_t> bytes_;
  bool big_endian_;
};

}  // namespace uvic
