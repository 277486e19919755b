#include "data/image_formats.h"

#include <cstdlib>
#include <optional>

#include "data/byte_view.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;
using std::string_view_literals::operator""sv;

/// The value of `tag` in the first directory of a TIFF block, which is also what EXIF holds.
std::optional<uint32_t> tiff_tag(Bytes block, uint16_t tag) {
  const bool big_endian = ByteView(block).has(0, "MM");
  const ByteView view(block, big_endian);
  const size_t directory = view.u32(4);
  for (size_t i = 0, entries = view.u16(directory); i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (view.u16(entry) == tag) return view.u16(entry + 2) == 3 ? view.u16(entry + 8) : view.u32(entry + 8);
  }
  return std::nullopt;
}

/// Damaged EXIF is no reason to refuse the image.
int exif_orientation(Bytes block) {
  try {
    const uint32_t value = tiff_tag(block, 0x0112).value_or(1);
    return 1 <= value && value <= 8 ? int(value) : 1;
  } catch (const OutOfBytes&) {
    return 1;
  }
}

/// Calls `visit` with marker, payload and the place after it, for each segment up to the picture's data.
/// Returns where that begins.
template <class Visit>
size_t walk_jpeg(const ByteView& view, const Visit& visit) {
  size_t at = 2;
  for (;;) {
    while (view.u8(at) != 0xFF) ++at;
    while (view.u8(at) == 0xFF) ++at;
    const uint8_t marker = view.u8(at++);
    if (marker == 0xD9) throw OutOfBytes{};  // ends before it began
    if (marker == 0x01 || (0xD0 <= marker && marker <= 0xD8)) continue;
    const size_t length = view.u16(at);
    if (length < 2) throw OutOfBytes{};
    if (!visit(marker, view.part(at + 2, length - 2))) return at;
    at += length;
    if (marker == 0xDA) return at;
  }
}

}  // namespace

void parse_jpeg(Bytes bytes, ImageHeader& header) {
  walk_jpeg(ByteView(bytes), [&](uint8_t marker, Bytes payload) {
    const ByteView segment(payload);
    if (marker == 0xE1 && segment.has(0, "Exif\0\0"sv))
      header.orientation = exif_orientation(segment.from(6));
    const bool frame = 0xC0 <= marker && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      header.height = segment.u16(1);
      header.width = segment.u16(3);
    }
    return marker != 0xDA;
  });
}

void parse_png(Bytes bytes, int64_t file_size, ImageHeader& header) {
  const ByteView view(bytes);
  if (!view.has(12, "IHDR")) throw OutOfBytes{};
  header.width = view.u32(16);
  header.height = view.u32(20);
  // eXIf may come after the pixels: then it is found when the whole file is at hand.
  for (size_t at = 8; at + 12 <= view.size() && !view.has(at + 4, "IEND");) {
    const size_t length = view.u32(at);
    if (view.has(at + 4, "eXIf")) header.orientation = exif_orientation(view.part(at + 8, length));
    at += 12 + length;
    if (at > static_cast<size_t>(file_size)) throw OutOfBytes{};
  }
}

void parse_bmp(Bytes bytes, int64_t file_size, ImageHeader& header) {
  const ByteView view(bytes, /*big_endian=*/false);
  const bool core = view.u32(14) == 12;
  header.width = core ? view.u16(18) : std::abs(int64_t{int32_t(view.u32(18))});
  header.height = core ? view.u16(20) : std::abs(int64_t{int32_t(view.u32(22))});
  const int64_t bits = core ? view.u16(24) : view.u16(28), compression = core ? 0 : view.u32(30);
  const int64_t row_bytes = (header.width * bits + 31) / 32 * 4;
  const bool plain = compression == 0 || compression == 3;
  if (plain && view.u32(10) + row_bytes * header.height > file_size) throw OutOfBytes{};
}

void parse_webp(Bytes bytes, int64_t file_size, ImageHeader& header) {
  const ByteView view(bytes, /*big_endian=*/false);
  if (int64_t{view.u32(4)} + 8 > file_size) throw OutOfBytes{};
  if (view.has(12, "VP8X")) {
    header.width = view.u24(24) + 1;
    header.height = view.u24(27) + 1;
  } else if (view.has(12, "VP8L")) {
    const uint32_t sizes = view.u32(21);
    header.width = (sizes & 0x3FFF) + 1;
    header.height = (sizes >> 14 & 0x3FFF) + 1;
  } else {
    header.width = view.u16(26) & 0x3FFF;
    header.height = view.u16(28) & 0x3FFF;
  }
  // EXIF comes last, so only the whole file shows it.
  for (size_t at = 12; at + 8 <= view.size();) {
    const size_t length = view.u32(at + 4);
    if (view.has(at, "EXIF") && at + 8 + length <= view.size()) {
      const Bytes block = view.part(at + 8, length);
      header.orientation = exif_orientation(ByteView(block).has(0, "Exif\0\0"sv) ? block.subspan(6) : block);
    }
    at += 8 + length + length % 2;
  }
}

void parse_tiff(Bytes bytes, ImageHeader& header) {
  header.width = tiff_tag(bytes, 0x0100).value_or(0);
  header.height = tiff_tag(bytes, 0x0101).value_or(0);
}

size_t find_jpeg_scan(Bytes bytes) {
  return walk_jpeg(ByteView(bytes), [](uint8_t, Bytes) { return true; });
}

}  // namespace uvic
