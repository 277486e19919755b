// What the first bytes of an image file say, read without decoding it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "data/file_source.h"

namespace uvic {

struct ImageHeader {
  std::string format;  ///< "PNG", "JPEG", "BMP", "WebP", "TIFF", "PBM", "PGM", "PPM" or "PFM", by content
  int64_t width = 0, height = 0;  ///< as stored, before `orientation`
  int orientation = 1;            ///< EXIF's 1 to 8
  int depth = 8;                  ///< bits of a sample, where the format has a choice
  std::string note;  ///< what should be said of an image that is taken: the first of its pages; or empty
};

/// Parses the header of a file of which `bytes` are the first. `file_size` is the whole file's. Throws
/// UsageError with `name` first: empty, no such format, of a kind that cannot be decoded, damaged, or shorter
/// than its header says. A TIFF's header may be anywhere: of one all bytes must be there.
ImageHeader parse_image_header(std::span<const uint8_t> bytes, int64_t file_size, const std::string& name);

/// The same of a file, reading no more of it than is needed: its first bytes and, of PNG and JPEG, the last.
/// Only a JPEG without its end marker is decoded, to see whether its pixels are there.
ImageHeader read_image_header(const std::filesystem::path& path);
/// The same of a file of `source`; where its archive has a checksum of it, its end is not looked for.
ImageHeader read_image_header(const FileSource& source, const std::string& file);

/// Why a picture of so many pixels is refused by data.max_pixels, 0 for none; empty: it is not.
std::string too_many_pixels(int64_t width, int64_t height, int64_t max_pixels);

}  // namespace uvic
