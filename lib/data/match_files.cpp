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

void refuse_absent(const AbsentFile& absent, const std::string& what, const FileSource& source,
                   const ImageListing& listing, const std::string& hint) {
  const bool comma = what == kLabel && absent.file.find(',') != std::string::npos;
  const char* columns = comma ? " (a line must be file,label: two columns)" : "";
  const std::string near = near_miss(absent.file, listing.files);
  usage_error(absent.where, ": ", absent.file,
              source.holds(absent.file)
                  ? ": is not one of the kinds of image that are read (" + image_endings() + ")"
                  : ": there is no such image",
              near.empty() ? "" : "; there is " + near, columns, hint,
              absent.more > 0 ? c10::str(" (and ", absent.more, " more ", what, "s without an image)") : "");
}

void refuse_without(const std::vector<std::string>& images, const std::string& what, const std::string& from,
                    const std::string& hint) {
  if (images.empty()) return;
  usage_error(from, ": has no ", what, " for ", images[0],
              images.size() > 1 ? " and " + count_of(images.size() - 1, "other image") : "", hint);
}

}  // namespace uvic
