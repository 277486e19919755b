#include "data/assign_labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/errors.h"
#include "core/natural_order.h"
#include "core/text.h"
#include "io/unicode.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr double kLargest = 999'999;  // model.num_classes is at most a million

/// The number that a label is: "3", "3.0", "-1"; nullopt for a name.
std::optional<double> number(const std::string& text) {
  double value = 0;
  const char *begin = text.data() + (text.starts_with('+') ? 1 : 0), *end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

int64_t class_number(const LabelEntry& entry) {
  const double value = *number(entry.label);
  check_usage(value >= 0 && value == std::floor(value) && value <= kLargest, entry.where, ": label ",
              entry.label, ": must be a whole number from 0 to ", int64_t(kLargest),
              ", or every label a name");
  return int64_t(value);
}

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

void check_files(const LabelEntries& entries, const fs::path& source, const ImageListing& listing) {
  std::set<std::string> there;
  for (const std::string& file : listing.files) there.insert(normalised(file));
  size_t absent = 0;
  const LabelEntries::value_type* first = nullptr;
  for (const auto& entry : entries) {
    if (!there.contains(entry.first) && absent++ == 0) first = &entry;
  }
  if (absent > 0) {
    std::error_code ignored;
    const std::string near = near_miss(first->first, listing.files);
    const bool exists = fs::exists(source.parent_path() / first->first, ignored);
    usage_error(
        first->second.where, ": ", first->first,
        exists ? ": is not one of the kinds of image that are read (" + image_endings() + ")"
               : ": there is no such image",
        near.empty() ? "" : "; there is " + near,
        first->first.find(',') == std::string::npos ? "" : " (a line must be file,label: two columns)",
        absent > 1 ? c10::str(" (and ", absent - 1, " more labels without an image)") : "");
  }
  size_t unlabelled = 0;
  std::string without;
  for (const std::string& file : listing.files) {
    if (!entries.contains(normalised(file)) && unlabelled++ == 0) without = file;
  }
  check_usage(unlabelled == 0, source.string(), ": has no label for ", without,
              unlabelled > 1 ? c10::str(" and ", unlabelled - 1, " other images") : "");
}

}  // namespace

void add_label(LabelEntries& entries, std::string file, const std::string& label, const std::string& where) {
  std::replace(file.begin(), file.end(), '\\', '/');
  if (file.starts_with("./")) file.erase(0, 2);
  check_usage(entries.emplace(normalised(file), LabelEntry{normalised(label), where}).second, where, ": ",
              file, " is there twice");
}

void assign_labels(const LabelEntries& entries, const fs::path& source, ImageListing& listing) {
  check_files(entries, source, listing);
  std::set<std::string, NaturalLess> names;
  const LabelEntry *a_name = nullptr, *a_number = nullptr;
  for (const auto& [file, entry] : entries) {
    names.insert(entry.label);
    (number(entry.label) ? a_number : a_name) = &entry;
  }
  if (a_name != nullptr && a_number != nullptr) {
    listing.warnings.push_back(c10::str("labels are names and numbers mixed ('", a_name->label, "' at ",
                                        a_name->where, ", ", a_number->label, " at ", a_number->where,
                                        "): all are taken as names"));
  }
  std::map<std::string, int64_t> numbers;
  for (const auto& [file, entry] : entries) {
    if (a_name == nullptr) numbers.try_emplace(entry.label, class_number(entry));
  }
  if (a_name != nullptr) {
    for (const std::string& name : names) numbers.emplace(name, int64_t(numbers.size()));
    listing.class_names.assign(names.begin(), names.end());
  }
  for (const std::string& file : listing.files)
    listing.labels.push_back(numbers.at(entries.at(normalised(file)).label));
  listing.num_classes = *std::max_element(listing.labels.begin(), listing.labels.end()) + 1;
}

}  // namespace uvic
