#include "sampling/dump/formats.h"

#include <array>
#include <cstdio>
#include <utility>

#include "core/errors.h"

namespace uvic {
namespace {

constexpr std::array<std::pair<DumpFormat, const char*>, 4> kNames{{{DumpFormat::kPng, "png"},
                                                                    {DumpFormat::kSubdirs, "subdirs"},
                                                                    {DumpFormat::kZip, "zip"},
                                                                    {DumpFormat::kNpz, "npz"}}};

std::string six_digits(int64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%06ld", number);
  return text;
}

}  // namespace

std::string format_name(DumpFormat format) {
  for (const auto& [known, name] : kNames) {
    if (known == format) return name;
  }
  return {};
}

DumpFormat parse_format(const std::string& name, const std::filesystem::path& out) {
  if (name == "auto") {
    const std::string ending = out.extension().string();
    return ending == ".zip" ? DumpFormat::kZip : ending == ".npz" ? DumpFormat::kNpz : DumpFormat::kPng;
  }
  for (const auto& [format, known] : kNames) {
    if (name == known) return format;
  }
  usage_error("format '", name, "' must be auto, png, subdirs, zip or npz");
}

std::string image_file_name(int64_t seed) {
  return six_digits(seed) + ".png";
}

std::filesystem::path image_path(DumpFormat format, int64_t seed) {
  if (format != DumpFormat::kSubdirs) return image_file_name(seed);
  return std::filesystem::path(six_digits(seed - seed % 1000)) / image_file_name(seed);
}

std::filesystem::path manifest_path(DumpFormat format, const std::filesystem::path& out) {
  return is_folder(format) ? out / "manifest.json" : std::filesystem::path(out.string() + ".manifest.json");
}

}  // namespace uvic
