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
  const double value = *number(entry.said);
  check_usage(value >= 0 && value == std::floor(value) && value <= kLargest, entry.where, ": label ",
              entry.said, ": must be a whole number from 0 to ", int64_t(kLargest),
              ", or every label a name");
  return int64_t(value);
}

}  // namespace

void add_label(LabelEntries& entries, const std::string& file, const std::string& label,
               const std::string& where) {
  const bool first = entries.emplace(listed_name(file), LabelEntry{normalised(label), where}).second;
  check_usage(first, where, ": ", file, " is there twice");
}

void assign_labels(const LabelEntries& entries, const FileSource& source, const std::string& from,
                   ImageListing& listing) {
  check_match(match_files(entries, listing), kLabel, source, source.full_name(from), listing);
  std::set<std::string, NaturalLess> names;
  const LabelEntry *a_name = nullptr, *a_number = nullptr;
  for (const auto& [file, entry] : entries) {
    names.insert(entry.said);
    (number(entry.said) ? a_number : a_name) = &entry;
  }
  if (a_name != nullptr && a_number != nullptr) {
    listing.warnings.push_back(c10::str("labels are names and numbers mixed ('", a_name->said, "' at ",
                                        a_name->where, ", ", a_number->said, " at ", a_number->where,
                                        "): all are taken as names"));
  }
  std::map<std::string, int64_t> numbers;
  for (const auto& [file, entry] : entries) {
    if (a_name == nullptr) numbers.try_emplace(entry.said, class_number(entry));
  }
  if (a_name != nullptr) {
    for (const std::string& name : names) numbers.emplace(name, int64_t(numbers.size()));
    listing.class_names.assign(names.begin(), names.end());
  }
  for (const std::string& file : listing.files)
    listing.labels.push_back(numbers.at(entries.at(listed_name(file)).said));
  listing.num_classes = *std::max_element(listing.labels.begin(), listing.labels.end()) + 1;
}

}  // namespace uvic
