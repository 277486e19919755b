#include "data/class_folders.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/errors.h"
#include "core/natural_order.h"
#include "core/text.h"
#include "io/unicode.h"

namespace uvic {
namespace {

using Names = std::vector<std::string>;

// The likeliest to be meant instead of the folder above it first.
constexpr std::array kParts = {"train", "training",   "images", "image",    "imgs", "img",
                               "data",  "dataset",    "photos", "pictures", "val",  "valid",
                               "dev",   "validation", "test",   "testing"};
constexpr size_t kMostFolders = 6;

/// Its place in kParts, which is their number for a name that is none.
size_t part_rank(const std::string& name) {
  return size_t(std::find(kParts.begin(), kParts.end(), lower_case(name)) - kParts.begin());
}

std::string named(const Names& names) {
  const Names first(names.begin(), names.begin() + std::ptrdiff_t(std::min(names.size(), kMostFolders)));
  const std::string more =
      names.size() > first.size() ? c10::str(" and ", names.size() - first.size(), " more") : "";
  return join(first, ", ") + more;
}

void warn_of_empty(const FileSource& source, ImageListing& listing) {
  const Names& names = listing.class_names;
  Names empty;
  for (const std::string& folder : source.folders()) {
    if (!std::binary_search(names.begin(), names.end(), normalised(folder), natural_less))
      empty.push_back(folder);
  }
  if (empty.empty()) return;
  std::sort(empty.begin(), empty.end(), natural_less);
  const auto next = std::upper_bound(names.begin(), names.end(), normalised(empty[0]), natural_less);
  const std::string moved = next == names.end() ? ""
                                                : c10::str(", and the classes behind are numbered without ",
                                                           empty.size() == 1 ? "it" : "them", " (", *next,
                                                           " is ", next - names.begin(), ")");
  listing.warnings.push_back(c10::str(empty.size() == 1 ? "class folder " : "class folders ", named(empty),
                                      empty.size() == 1 ? " holds" : " hold", " no images: left out", moved));
}

/// `deep`: the class folders whose images lie in folders below them.
void warn_of_parts(const FileSource& source, const std::set<std::string>& deep, ImageListing& listing) {
  const Names& names = listing.class_names;
  Names parts;
  for (const std::string& name : names) {
    const bool part = part_rank(name) < kParts.size();
    // All of one class, in folders: most likely one folder too high.
    if (deep.contains(name) && (part || names.size() == 1)) parts.push_back(name);
  }
  const bool split = names.size() > 1 && std::all_of(names.begin(), names.end(), [](const std::string& name) {
                       return part_rank(name) < kParts.size();
                     });
  if (parts.empty() && !split) return;
  const std::string below = parts.empty() ? "" : ", with folders of images below";
  if (parts.empty()) parts = names;
  const auto meant = std::min_element(
      parts.begin(), parts.end(),
      [](const std::string& a, const std::string& b) { return part_rank(a) < part_rank(b); });
  listing.warnings.push_back(c10::str("its class folders are called ", named(names), below, "; ",
                                      source.full_name(*meant), " was probably meant"));
}

}  // namespace

void label_by_folder(const FileSource& source, ImageListing& listing) {
  std::map<std::string, int64_t> numbers;  // by the folder's name as it is on disk
  std::set<std::string, NaturalLess> names;
  std::set<std::string> deep;
  for (const std::string& file : listing.files) {
    const size_t slash = file.find('/');
    if (slash == std::string::npos) {
      listing.labels_from = file + " lies outside any class folder";
      return;
    }
    const std::string folder = file.substr(0, slash);
    if (numbers.emplace(folder, 0).second) names.insert(normalised(folder));
    if (file.find('/', slash + 1) != std::string::npos) deep.insert(normalised(folder));
  }
  listing.labels_from = "class folders";
  listing.class_names.assign(names.begin(), names.end());
  listing.num_classes = int64_t(names.size());
  for (auto& [folder, number] : numbers)
    number = std::distance(names.begin(), names.find(normalised(folder)));
  for (const std::string& file : listing.files)
    listing.labels.push_back(numbers.at(file.substr(0, file.find('/'))));
  warn_of_empty(source, listing);
  warn_of_parts(source, deep, listing);
}

}  // namespace uvic
