// Image files to pixels.
#pragma once
#include <array>
#include <filesystem>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

#include "core/errors.h"
#include "data/options.h"
#include "data/pixels.h"

namespace uvic {

struct DecodeOptions {
  int channels = 3;                                  ///< 3: RGB, 1: grey (ITU-R 601, as Pillow's "L")
  std::array<uint8_t, 3> background{255, 255, 255};  ///< what shows through transparency
  int64_t max_pixels = kMaxPixels;                   ///< more, width x height, are refused; 0: none are
  /// {width, height}, if the picture will be shrunk until it just covers that: then a JPEG of more than
  /// kWholeJpegPixels may be decoded at a half, a quarter or an eighth of its size. 0: as it is.
  std::array<int64_t, 2> to_cover{0, 0};
};

/// 64 Mi pixels, 192 MiB as RGB. libjpeg's scaled decoding cuts off high frequencies where the published
/// preparation averages boxes: up to several grey levels at edges. So photographs (of 12 to 61 megapixels, as
/// cameras make them) are decoded whole, and what is left after scaling still is at least twice too large, so
/// that the box filter has the last word.
constexpr int64_t kWholeJpegPixels = int64_t{1} << 26;

/// Decodes the bytes of a PNG, JPEG, BMP, WebP, TIFF (the first frame or page), PBM, PGM, PPM or PFM, turned
/// as its orientation says. Samples of 16 bits give their upper 8; those of a PFM are 0 (black) to 1 (white),
/// and cut off there. UsageError: `name` and what is wrong: whatever a library warns of (but for what does
/// not touch pixels), too large, out of memory. Nothing else reaches the terminal, but for a line on a JPEG
/// of which the end marker alone is missing.
Pixels decode_image(std::span<const uint8_t> bytes, const std::string& name, const DecodeOptions& options);

struct DecodedImage {
  Pixels pixels;
  bool alpha;  ///< whether each pixel has one, be it opaque everywhere
};
/// The same for those who ask about transparency.
DecodedImage decode_with_alpha(std::span<const uint8_t> bytes, const std::string& name,
                               const DecodeOptions& options);

/// The same of a file.
Pixels decode_image(const std::filesystem::path& path, const DecodeOptions& options);

/// The largest of the 16-bit samples of a file with these bytes; -1 if it has none. UsageError as above.
int largest_16_bit_sample(std::span<const uint8_t> bytes, const std::string& name,
                          const DecodeOptions& options);

/// `work()`, whose running out of memory is a UsageError with the file's name: by data.on_error it counts as
/// any other.
template <class Work>
auto naming_shortage(const std::string& name, const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    usage_error(name, ": not enough memory for this image");
  } catch (const std::length_error&) {  // more than there are addresses
    usage_error(name, ": not enough memory for this image");
  }
}

}  // namespace uvic
