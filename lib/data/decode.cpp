#include "data/decode.h"

#include <cstring>
#include <map>

#include "core/text.h"
#include "data/decoders.h"
#include "data/image_header.h"
#include "data/image_notes.h"
#include "io/read_file.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;
using Decoder = void (*)(Bytes, const std::string&, PixelRows&);

const std::map<std::string, Decoder> kDecoders = {
    {"PNG", decode_png},   {"JPEG", decode_jpeg}, {"BMP", decode_bmp},
    {"WebP", decode_webp}, {"TIFF", decode_tiff}, {"PBM", decode_pnm},
    {"PGM", decode_pnm},   {"PPM", decode_pnm},   {"PFM", decode_pnm}};

/// EXIF orientation 2 .. 8: 5 to 8 exchange rows and columns; then mirrored along x and y as needed.
Pixels turned(Pixels image, int orientation) {
  if (orientation == 1) return image;
  const bool transpose = orientation >= 5;
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Pixels result(transpose ? image.height : image.width, transpose ? image.width : image.height,
                image.channels);
  const auto channels = static_cast<size_t>(image.channels);
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      const int u = mirror_x ? result.width - 1 - x : x, v = mirror_y ? result.height - 1 - y : y;
      const uint8_t* from = image.row(transpose ? u : v) + size_t(transpose ? v : u) * channels;
      std::memcpy(result.row(y) + size_t(x) * channels, from, channels);
    }
  }
  return result;
}

PixelRows decode(Bytes bytes, const std::string& name, const DecodeOptions& options,
                 const ImageHeader& header) {
  const std::string problem = too_many_pixels(header.width, header.height, options.max_pixels);
  check_usage(problem.empty(), name, ": ", problem);
  return naming_shortage(c10::str(name, ": ", header.width, " x ", header.height, " pixels"), [&] {
    PixelRows rows(options);
    kDecoders.at(header.format)(bytes, name, rows);
    rows.pixels() = turned(std::move(rows.pixels()), header.orientation);
    return rows;
  });
}

}  // namespace

DecodedImage decode_with_alpha(Bytes bytes, const std::string& name, const DecodeOptions& options) {
  const ImageHeader header = parse_image_header(bytes, int64_t(bytes.size()), name);
  PixelRows rows = decode(bytes, name, options, header);
  for (const std::string& note : {header.note, rows.note}) {
    if (!note.empty()) note_once(name, note);
  }
  return {std::move(rows.pixels()), rows.alpha()};
}

Pixels decode_image(Bytes bytes, const std::string& name, const DecodeOptions& options) {
  return decode_with_alpha(bytes, name, options).pixels;
}

Pixels decode_image(const std::filesystem::path& path, const DecodeOptions& options) {
  return decode_image(read_file(path).bytes, path.string(), options);
}

int largest_16_bit_sample(Bytes bytes, const std::string& name, const DecodeOptions& options) {
  return decode(bytes, name, options, parse_image_header(bytes, int64_t(bytes.size()), name)).largest();
}

}  // namespace uvic
