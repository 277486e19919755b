// Checksums of PNGs that were changed, without which none would come past its first chunk.
#pragma once
#include <string>
#include <string_view>

#include "io/digests.h"

namespace uvic::fuzz {

/// `bytes` with the CRC that each chunk should have, as far as chunks follow each other.
inline std::string with_png_checksums(std::string_view bytes) {
  constexpr size_t kSignature = 8, kAround = 12;  // around a chunk's data: length, type, CRC
  const auto byte_at = [&](size_t i) { return uint32_t(static_cast<unsigned char>(bytes[i])); };
  std::string mended(bytes);
  for (size_t at = kSignature; at + kAround <= bytes.size();) {
    const size_t length =
        byte_at(at) << 24U | byte_at(at + 1) << 16U | byte_at(at + 2) << 8U | byte_at(at + 3);
    if (length > bytes.size() - at - kAround) break;
    const uint32_t crc = crc32_of(bytes.substr(at + 4, length + 4));
    for (size_t i = 0; i < 4; ++i) mended[at + 8 + length + i] = static_cast<char>(crc >> (24 - 8 * i));
    at += length + kAround;
  }
  return mended;
}

}  // namespace uvic::fuzz
