#include "data/image_formats.h"

#include <c10/util/StringUtil.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include "io/png.h"

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

/// Of the frame `marker`, ITU-T T.81 table B.1.
std::string jpeg_refusal(int marker, int bits, int components) {
  if (marker == 0xF7) return "is a JPEG-LS, which cannot be read";
  if (marker == 0xC3 || marker == 0xCB) return "is a lossless JPEG, which cannot be read";
  if (marker > 0xCA || (0xC5 <= marker && marker <= 0xC7))
    return "is a hierarchical JPEG, which cannot be read";
  if (bits != 8) return c10::str("holds ", bits, "-bit samples, but 8 bits can be read");
  if (components != 1 && components != 3 && components != 4) {
    return c10::str("has ", components, " components, but 1 (grey), 3 (colour) or 4 (CMYK) can be read");
  }
  return "";
}

constexpr const char* kFirstFrame = "an animation, of which the first frame is taken";

}  // namespace

std::string parse_jpeg(Bytes bytes, ImageHeader& header) {
  std::string refusal;
  walk_jpeg(ByteView(bytes), [&](uint8_t marker, Bytes payload) {
    const ByteView segment(payload);
    if (marker == 0xE1 && segment.has(0, "Exif\0\0"sv))
      header.orientation = exif_orientation(segment.from(6));
    const bool frame = 0xC0 <= marker && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame || marker == 0xF7) {  // F7: JPEG-LS, in a JPEG's dress
      header.height = segment.u16(1);
      header.width = segment.u16(3);
      refusal = jpeg_refusal(marker, segment.u8(0), segment.u8(5));
    }
    return marker != 0xDA;
  });
  return refusal;
}

bool has_jpeg_end(Bytes bytes) {
  const size_t at = walk_jpeg(ByteView(bytes), [](uint8_t, Bytes) { return true; });
  return memmem(bytes.data() + at, bytes.size() - at, "\xFF\xD9", 2) != nullptr;
}

std::string parse_png(Bytes bytes, int64_t file_size, ImageHeader& header) {
  const ByteView view(bytes);
  if (!view.has(12, "IHDR")) throw OutOfBytes{};
  header.width = view.u32(16);
  header.height = view.u32(20);
  header.depth = view.u8(24);
  if (!png_can_hold(header.width, header.height, header.depth, view.u8(25), file_size)) throw OutOfBytes{};
  // eXIf may come after the pixels: then it is found when the whole file is at hand.
  for (size_t at = 8; at + 12 <= view.size() && !view.has(at + 4, "IEND");) {
    const size_t length = view.u32(at);
    if (view.has(at + 4, "eXIf")) header.orientation = exif_orientation(view.part(at + 8, length));
    if (view.has(at + 4, "acTL")) header.note = kFirstFrame;
    at += 12 + length;
    if (at > static_cast<size_t>(file_size)) throw OutOfBytes{};
  }
  return "";
}

bool has_png_end(Bytes bytes) {
  const ByteView view(bytes);
  size_t at = 8;
  while (at + 12 <= view.size() && !view.has(at + 4, "IEND")) at += 12 + size_t{view.u32(at)};
  return at + 12 <= view.size();
}

BmpLayout bmp_layout(Bytes bytes) {
  const ByteView view(bytes, /*big_endian=*/false);
  BmpLayout layout;
  layout.core = view.u32(14) == 12;
  layout.offset = view.u32(10);
  layout.width = layout.core ? view.u16(18) : std::abs(int64_t{int32_t(view.u32(18))});
  const int64_t height = layout.core ? view.u16(20) : int32_t(view.u32(22));
  layout.height = std::abs(height);
  layout.top_down = height < 0;
  layout.bits = layout.core ? view.u16(24) : view.u16(28);
  layout.compression = layout.core ? 0 : view.u32(30);
  return layout;
}

std::string parse_bmp(Bytes bytes, int64_t file_size, ImageHeader& header) {
  const BmpLayout layout = bmp_layout(bytes);
  header.width = layout.width;
  header.height = layout.height;
  const int64_t bits = layout.bits, kind = layout.compression;
  const bool runs = (kind == kRle8 && bits == 8) || (kind == kRle4 && bits == 4);
  const bool fields = (kind == kBitFields || kind == kAlphaBitFields) && (bits == 16 || bits == 32);
  const bool known_bits =
      bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
  if (!known_bits || (kind != 0 && !runs && !fields)) {
    return c10::str("has ", bits, " bits a pixel with compression ", kind, ", which cannot be read");
  }
  const double end = double(layout.offset) + double(layout.row_bytes()) * double(layout.height);
  if (!runs && end > double(file_size)) throw OutOfBytes{};
  return "";
}

std::string parse_webp(Bytes bytes, int64_t file_size, ImageHeader& header) {
  const ByteView view(bytes, /*big_endian=*/false);
  if (int64_t{view.u32(4)} + 8 > file_size) throw OutOfBytes{};
  if (view.has(12, "VP8X")) {
    constexpr uint8_t kAnimation = 2;
    if ((view.u8(20) & kAnimation) != 0) header.note = kFirstFrame;
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
  return "";
}

}  // namespace uvic
