#include "sampling/dump/formats.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "core/errors.h"
#include "io/output_path.h"

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

DumpFormat format_of_ending(const std::filesystem::path& out) {
  const std::string ending = extension_of(out);
  return ending == ".zip" ? DumpFormat::kZip : ending == ".npz" ? DumpFormat::kNpz : DumpFormat::kPng;
}

DumpFormat parse_format(const std::string& name, const std::filesystem::path& out) {
  DumpFormat chosen = format_of_ending(out);
  if (name != "auto") {
    const auto found =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& known) { return name == known.second; });
    check_usage(found != kNames.end(), "format '", name, "' must be auto, png, subdirs, zip or npz");
    chosen = found->first;
  }
  std::error_code absent;
  const bool fits = is_folder(chosen) ? !names_a_file(out) || std::filesystem::is_directory(out, absent)
                                      : !names_a_file(out) || extension_of(out) == "." + format_name(chosen);
  check_usage(fits, out.string(), ": ends in ", extension_of(out),
              name == "auto" ? "" : ", but the format is " + name,
              "; what can be written is a folder, x.zip or x.npz");
  return chosen;
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
