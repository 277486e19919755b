#include "data/match_files.h"

#include <algorithm>
#include <filesystem>

#include "core/errors.h"
#include "core/text.h"
#include "io/unicode.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

/// The image that is likely meant by `file`: of another case, another ending or in another folder; empty:
/// none.
std::string near_miss(const std::string& file, const std::vector<std::string>& files) {
  using Part = std::string (*)(const fs::path&);
  const Part parts[] = {[](const fs::path& f) { return lower_case(f.string()); },
                        [](const fs::path& f) { return lower_case((f.parent_path() / f.stem()).string()); },
                        [](const fs::path& f) { return lower_case(f.filename().string()); }};
  for (const Part part : parts) {
    const std::string wanted = part(file);
    const auto found = std::find_if(files.begin(), files.end(), [&](const std::string& other) {
      return part(normalised(other)) == wanted;
    });
    if (found != files.end()) return *found;
  }
  return "";
}

}  // namespace

std::string listed_name(std::string file) {
  std::replace(file.begin(), file.end(), '\\', '/');
  while (file.starts_with("./")) file.erase(0, 2);
  return normalised(file);
}

void check_match(const FileMatch& match, const std::string& what, const FileSource& source,
                 const std::string& from, const ImageListing& listing, const std::string& hint) {
  const auto& [absent, without] = match;
  if (!absent.empty()) {
    const auto& [file, where] = absent[0];
    const bool comma = what == kLabel && file.find(',') != std::string::npos;
    const std::string near = near_miss(file, listing.files);
    usage_error(
        where, ": ", file,
        source.holds(file) ? ": is not one of the kinds of image that are read (" + image_endings() + ")"
                           : ": there is no such image",
        near.empty() ? "" : "; there is " + near, comma ? " (a line must be file,label: two columns)" : "",
        hint,
        absent.size() > 1 ? c10::str(" (and ", absent.size() - 1, " more ", what, "s without an image)")
                          : "");
  }
  check_usage(without.empty(), from, ": has no ", what, " for ", without.empty() ? "" : without[0],
              without.size() > 1 ? " and " + count_of(without.size() - 1, "other image") : "", hint);
}

}  // namespace uvic
