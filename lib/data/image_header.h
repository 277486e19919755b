// What the first bytes of an image file say, read without decoding it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace uvic {

struct ImageHeader {
  std::string format;             ///< "PNG", "JPEG", "BMP", "WebP" or "TIFF", by content
  int64_t width = 0, height = 0;  ///< as stored, before `orientation`
  int orientation = 1;            ///< EXIF's 1 to 8; always 1 for TIFF, whose decoder applies it
};

/// Parses the header of a file of which `bytes` are the first. `file_size` is the whole file's. Throws
/// UsageError with `name` first: empty, no such format, damaged, or shorter than its header says.
ImageHeader parse_image_header(std::span<const uint8_t> bytes, int64_t file_size, const std::string& name);

/// The same of a file, reading no more of it than is needed.
ImageHeader read_image_header(const std::filesystem::path& path);

/// What a decoder would pass over in silence in a whole file: a JPEG that stops before its end, a PNG chunk
/// with a wrong checksum. Throws UsageError with `name` first.
void check_image_is_whole(std::span<const uint8_t> bytes, const std::string& name);

}  // namespace uvic
