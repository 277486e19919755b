#include "data/image_header.h"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/errors.h"
#include "data/byte_view.h"
#include "data/image_formats.h"
#include "io/read_file.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;
using std::string_view_literals::operator""sv;

constexpr int64_t kFirstBytes =
    1 << 16;  // most headers end before; a JPEG's pictures in its metadata may not
constexpr auto kPngSignature = "\x89PNG\r\n\x1a\n"sv;

std::string first_bytes(Bytes bytes) {
  std::string text;
  for (const uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 8))) {
    char hex[4];
    std::snprintf(hex, sizeof hex, " %02x", byte);
    text += hex;
  }
  return text;
}

/// Throws OutOfBytes where `bytes` end too soon.
ImageHeader parse(Bytes bytes, int64_t file_size, const std::string& name) {
  check_usage(file_size > 0, name, ": the file is empty");
  const ByteView view(bytes);
  ImageHeader header;
  const auto is = [&](const char* format) { return header.format = format, true; };
  if (view.has(0, kPngSignature) && is("PNG")) {
    parse_png(bytes, file_size, header);
  } else if (view.has(0, "\xFF\xD8\xFF") && is("JPEG")) {
    parse_jpeg(bytes, header);
  } else if (view.has(0, "BM") && is("BMP")) {
    parse_bmp(bytes, file_size, header);
  } else if (view.has(0, "RIFF") && view.has(8, "WEBP") && is("WebP")) {
    parse_webp(bytes, file_size, header);
  } else if ((view.has(0, "II*\0"sv) || view.has(0, "MM\0*"sv)) && is("TIFF")) {
    parse_tiff(bytes, header);
  } else {
    usage_error(name, ": not a PNG, JPEG, BMP, WebP or TIFF: it starts with", first_bytes(bytes));
  }
  check_usage(header.width > 0 && header.height > 0, name, ": a ", header.format, " of ", header.width, "x",
              header.height, " pixels");
  return header;
}

}  // namespace

ImageHeader parse_image_header(Bytes bytes, int64_t file_size, const std::string& name) {
  try {
    return parse(bytes, file_size, name);
  } catch (const OutOfBytes&) {
    usage_error(name, ": truncated or damaged: the file ends before its header says");
  }
}

ImageHeader read_image_header(const std::filesystem::path& path) {
  const std::string name = path.string();
  const auto [bytes, size] = read_file(path, kFirstBytes);
  try {
    return parse(bytes, size, name);
  } catch (const OutOfBytes&) {
    return parse_image_header(read_file(path).bytes, size, name);
  }
}

void check_image_is_whole(Bytes bytes, const std::string& name) {
  const ByteView view(bytes);
  try {
    if (view.has(0, "\xFF\xD8\xFF")) {
      const size_t at = find_jpeg_scan(bytes);
      if (memmem(bytes.data() + at, bytes.size() - at, "\xFF\xD9", 2) == nullptr) throw OutOfBytes{};
    } else if (view.has(0, kPngSignature)) {
      for (size_t at = 8; !view.has(at - 8, "IEND");) {
        const size_t length = view.u32(at);
        const Bytes covered = view.part(at + 4, 4 + length);
        const auto crc = crc32(0, covered.data(), static_cast<unsigned>(covered.size()));
        check_usage(crc == view.u32(at + 8 + length), name, ": damaged: wrong checksum at byte ", at);
        at += 12 + length;
      }
    }
  } catch (const OutOfBytes&) {
    usage_error(name, ": truncated: the file ends before the picture does");
  }
}

}  // namespace uvic
