#include "data/renumber.h"

#include <algorithm>
#include <charconv>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

using Names = std::vector<std::string>;

int64_t place_in(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) - names.begin();
}

bool holds(const Names& names, const std::string& name) {
  return place_in(names, name) < int64_t(names.size());
}

/// Replaces each label by what `number_of` makes of it.
template <class NumberOf>
void renumber(ImageListing& listing, const NumberOf& number_of) {
  std::vector<int64_t> numbers;
  for (int64_t old = 0; old < listing.num_classes; ++old) numbers.push_back(number_of(old));
  for (int64_t& label : listing.labels) label = numbers[size_t(label)];
}

std::string some_of(const Names& names) {
  constexpr size_t kMost = 8;
  if (names.size() <= kMost) return join(names, ", ");
  return join({names.begin(), names.begin() + kMost}, ", ") +
         c10::str(" and ", names.size() - kMost, " more");
}

void by_name(const std::string& folder, const Names& training, ImageListing& listing) {
  Names unknown;
  for (const std::string& name : listing.class_names) {
    if (!holds(training, name)) unknown.push_back(name);
  }
  if (!unknown.empty()) {
    const std::string close = nearest(unknown[0], training);
    usage_error("data.val_path ", folder, ": the training images have no class ", some_of(unknown),
                close.empty() ? "" : " (did you mean '" + close + "'?)", "; they have ", some_of(training));
  }
  renumber(listing, [&](int64_t old) { return place_in(training, listing.class_names[size_t(old)]); });
}

/// Of training classes that are numbers already: the names are those numbers ("0", "1").
void by_numeral(const std::string& folder, ImageListing& listing) {
  renumber(listing, [&](int64_t old) {
    const std::string& name = listing.class_names[size_t(old)];
    int64_t number = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    check_usage(error == std::errc{} && end == name.data() + name.size() && number >= 0, "data.val_path ",
                folder, ": its classes have names (", some_of(listing.class_names),
                "), those of the training images are numbers; give a labels.csv of numbers");
    return number;
  });
}

}  // namespace

void number_as_training(const std::filesystem::path& folder, const Dataset& training, ImageListing& listing) {
  if (listing.labels.empty() || training.num_classes() == 0) return;
  const Names names = training.class_names();
  const bool all_numerals =
      !names.empty() && std::all_of(listing.labels.begin(), listing.labels.end(),
                                    [&](int64_t label) { return holds(names, std::to_string(label)); });
  if (!listing.class_names.empty() && !names.empty()) {
    by_name(folder.string(), names, listing);
  } else if (!listing.class_names.empty()) {
    by_numeral(folder.string(), listing);
  } else if (all_numerals) {
    renumber(listing, [&](int64_t old) { return place_in(names, std::to_string(old)); });
  }
  listing.class_names = names;
  const int64_t largest = *std::max_element(listing.labels.begin(), listing.labels.end());
  listing.num_classes = std::max(training.num_classes(), largest + 1);
}

}  // namespace uvic
