// The four shapes of a dump, and where its files lie.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace uvic {

enum class DumpFormat {
  kPng,      ///< OUT/000017.png
  kSubdirs,  ///< OUT/000000/000017.png, a folder a thousand seeds, as EDM's generate.py --subdirs
  kZip,      ///< OUT is a stored ZIP of 000017.png
  kNpz       ///< OUT is an .npz as ADM's evaluator reads it: arr_0 uint8 [N, H, W, C], arr_1 int64 labels
};

/// "png", "subdirs", "zip", "npz".
std::string format_name(DumpFormat format);
/// By the ending of `out`: .zip, .npz, else png.
DumpFormat format_of_ending(const std::filesystem::path& out);
/// The inverse of format_name, and "auto" for format_of_ending. UsageError for other names, and for an `out`
/// that ends as files of another format do, "x.tar" or "x.zip" with png, unless it is a folder that is there.
DumpFormat parse_format(const std::string& name, const std::filesystem::path& out);

inline bool is_folder(DumpFormat format) {
  return format == DumpFormat::kPng || format == DumpFormat::kSubdirs;
}
/// Whether an image is stored as a PNG with its `parameters` record.
inline bool holds_png(DumpFormat format) {
  return format != DumpFormat::kNpz;
}

/// "000017.png".
std::string image_file_name(int64_t seed);
/// Within the folder or the archive: "000017.png" or "001000/001017.png".
std::filesystem::path image_path(DumpFormat format, int64_t seed);
/// OUT/manifest.json, or OUT.manifest.json beside an archive.
std::filesystem::path manifest_path(DumpFormat format, const std::filesystem::path& out);

}  // namespace uvic
