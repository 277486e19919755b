#include "data/image_header.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <limits>
#include <vector>

#include "core/errors.h"
#include "core/text.h"
#include "data/byte_view.h"
#include "data/decoders.h"
#include "data/image_formats.h"
#include "data/tiff_file.h"
#include "io/content_kind.h"
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

bool is_tiff(const ByteView& view) {
  return view.has(0, "II*\0"sv) || view.has(0, "MM\0*"sv) || view.has(0, "II+\0"sv) || view.has(0, "MM\0+"sv);
}

bool is_pnm(const ByteView& view) {
  constexpr auto kKinds = "123456fF"sv;
  return view.size() > 2 && view.u8(0) == 'P' && kKinds.find(char(view.u8(1))) != kKinds.npos &&
         (std::isspace(view.u8(2)) != 0 || view.u8(2) == '#');
}

std::string parse_tiff(const TiffFile& file, ImageHeader& header) {
  const TiffLayout layout = file.layout();
  header.width = layout.width;
  header.height = layout.height;
  header.orientation = layout.orientation;
  header.depth = layout.bits;
  if (layout.pages) header.note = "of its several pages the first is taken";
  if (layout.bands > layout.colours() && layout.extra == EXTRASAMPLE_UNSPECIFIED) {
    header.note = "its last band is not said to be transparency and is passed over";
  }
  std::string refusal = file.refusal(layout);
  if (refusal.empty() && file.is_truncated()) throw OutOfBytes{};
  return refusal;
}

std::string no_image(Bytes bytes) {
  const std::string kind = content_kind(bytes);
  return kind.empty()
             ? "not a PNG, JPEG, BMP, WebP, TIFF, PBM, PGM, PPM or PFM: it starts with" + first_bytes(bytes)
             : "not a PNG, JPEG or the like, but " + kind;
}

/// Throws OutOfBytes where `bytes` end too soon. `path`: of a file of which they may be the first alone.
ImageHeader parse(Bytes bytes, int64_t file_size, const std::string& name,
                  const std::filesystem::path& path = {}) {
  check_usage(file_size > 0, name, ": the file is empty");
  const ByteView view(bytes);
  ImageHeader header;
  std::string refusal;
  const auto is = [&](const char* format) { return header.format = format, true; };
  if (view.has(0, kPngSignature) && is("PNG")) {
    refusal = parse_png(bytes, file_size, header);
  } else if (view.has(0, "\xFF\xD8\xFF") && is("JPEG")) {
    refusal = parse_jpeg(bytes, header);
  } else if (view.has(0, "BM") && is("BMP")) {
    refusal = parse_bmp(bytes, file_size, header);
  } else if (view.has(0, "RIFF") && view.has(8, "WEBP") && is("WebP")) {
    refusal = parse_webp(bytes, file_size, header);
  } else if (is_tiff(view) && is("TIFF")) {
    refusal = path.empty() ? parse_tiff(TiffFile(bytes, name), header) : parse_tiff(TiffFile(path), header);
  } else if (is_pnm(view) && is("PNM")) {
    refusal = parse_pnm(bytes, file_size, header);
  } else {
    usage_error(name, ": ", no_image(bytes));
  }
  check_usage(refusal.empty(), name, ": this ", header.format, " ", refusal);
  check_usage(header.width > 0 && header.height > 0, name, ": a ", header.format, " of ", header.width, "x",
              header.height, " pixels");
  check_usage(std::max(header.width, header.height) <= std::numeric_limits<int32_t>::max(), name, ": a ",
              header.format, " of ", header.width, " x ", header.height, " pixels");
  return header;
}

/// What a whole file must end with, past which there may be other bytes.
std::string_view last_bytes(const std::string& format) {
  if (format == "JPEG") return "\xFF\xD9"sv;
  return format == "PNG" ? "\0\0\0\0IEND\xAE\x42\x60\x82"sv : ""sv;
}

bool ends_with(Bytes bytes, std::string_view end) {
  return bytes.size() >= end.size() && ByteView(bytes).has(bytes.size() - end.size(), end);
}

/// Looks for an end that the last bytes are not.
void check_end(Bytes bytes, const std::string& name, ImageHeader& header) {
  if (header.format == "PNG" && !has_png_end(bytes)) throw OutOfBytes{};
  if (header.format == "JPEG" && !has_jpeg_end(bytes)) {
    PixelRows rows(DecodeOptions{.channels = 1, .to_cover = {1, 1}});  // which takes the least memory
    naming_shortage(name, [&] { decode_jpeg(bytes, name, rows); });
    header.note = rows.note;
  }
}

/// See read_image_header. `read` gives up to so many first bytes of the file, `last` its last.
template <class Read, class Last>
ImageHeader read_header(const std::string& name, const std::filesystem::path& path, const Read& read,
                        const Last& last) {
  constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
  const auto [bytes, size] = read(kFirstBytes);
  ImageHeader header;
  try {
    header = parse(bytes, size, name, path);
  } catch (const OutOfBytes&) {
    header = parse_image_header(read(kAll).bytes, size, name);
  }
  const std::string_view end = last_bytes(header.format);
  if (end.empty()) return header;
  const bool all = int64_t(bytes.size()) == size;
  const std::vector<uint8_t> tail = all ? std::vector<uint8_t>() : last(int64_t(end.size()));
  if (!all && tail.empty()) return header;
  if (ends_with(all ? bytes : tail, end)) return header;
  try {
    check_end(all ? bytes : read(kAll).bytes, name, header);
  } catch (const OutOfBytes&) {
    usage_error(name, ": truncated: the file ends before the picture does");
  }
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
  return read_header(
      path.string(), path, [&](int64_t most) { return read_file(path, most); },
      [&](int64_t most) { return read_last(path, most); });
}

ImageHeader read_image_header(const FileSource& source, const std::string& file) {
  return read_header(
      source.full_name(file), source.path_of(file), [&](int64_t most) { return source.read(file, most); },
      [&](int64_t most) { return source.read_last(file, most); });
}

std::string too_many_pixels(int64_t width, int64_t height, int64_t max_pixels) {
  const double pixels = double(width) * double(height), bytes = 3 * pixels;
  if (max_pixels == 0 || pixels <= double(max_pixels)) return "";
  return c10::str("too large: ", width, " x ", height, " pixels (", format_bytes(bytes),
                  " once decoded), over data.max_pixels, ", max_pixels);
}

}  // namespace uvic
