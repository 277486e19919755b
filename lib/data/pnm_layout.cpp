#include <cctype>
#include <cstdlib>

#include "data/image_formats.h"

namespace uvic {
namespace {

std::string word_at(const ByteView& view, size_t& at) {
  skip_pnm_blanks(view, at);
  std::string word;
  while (std::isspace(view.u8(at)) == 0 && word.size() < 32) word += char(view.u8(at++));
  return word;
}

}  // namespace

void skip_pnm_blanks(const ByteView& view, size_t& at) {
  for (bool comment = false;; ++at) {
    const uint8_t byte = view.u8(at);
    if (comment) {
      comment = byte != '\n' && byte != '\r';
    } else if (byte == '#') {
      comment = true;
    } else if (std::isspace(byte) == 0) {
      return;
    }
  }
}

int64_t read_pnm_number(const ByteView& view, size_t& at) {
  skip_pnm_blanks(view, at);
  constexpr int64_t kEnough = int64_t{1} << 32;
  int64_t value = -1;
  // The last number of a file needs nothing after it.
  for (; at < view.size() && std::isdigit(view.u8(at)) != 0; ++at) {
    value = std::min(kEnough, (value < 0 ? 0 : 10 * value) + view.u8(at) - '0');
  }
  return value;
}

PnmLayout pnm_layout(std::span<const uint8_t> bytes) {
  const ByteView view(bytes);
  PnmLayout layout;
  layout.kind = char(view.u8(1));
  layout.samples = layout.kind == '3' || layout.kind == '6' || layout.kind == 'F' ? 3 : 1;
  size_t at = 2;
  layout.width = read_pnm_number(view, at);
  layout.height = read_pnm_number(view, at);
  if (layout.is_float()) {
    layout.little_endian = std::strtod(word_at(view, at).c_str(), nullptr) < 0;
  } else if (!layout.is_bitmap()) {
    layout.most = read_pnm_number(view, at);
  }
  layout.data = at + 1;  // one blank ends the header
  return layout;
}

std::string parse_pnm(std::span<const uint8_t> bytes, int64_t file_size, ImageHeader& header) {
  const PnmLayout layout = pnm_layout(bytes);
  header.format = layout.is_float()     ? "PFM"
                  : layout.is_bitmap()  ? "PBM"
                  : layout.samples == 1 ? "PGM"
                                        : "PPM";
  header.width = layout.width;
  header.height = layout.height;
  if (layout.width < 0 || layout.height < 0) return "has no size in its header";
  if (layout.most < 1 || layout.most > 0xFFFF) return "has no largest value from 1 to 65535 in its header";
  header.depth = layout.most == 0xFFFF ? 16 : 8;
  const double bytes_needed = double(layout.data) + double(layout.row_bytes()) * double(layout.height);
  if (!layout.is_text() && bytes_needed > double(file_size)) throw OutOfBytes{};
  // Each number is a digit at least.
  const double digits = double(layout.width) * double(layout.height) * layout.samples;
  if (layout.is_text() && digits > double(file_size)) throw OutOfBytes{};
  return "";
}

}  // namespace uvic
