#include "data/label_files.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "core/errors.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string label, where;  // where: "labels.csv:3", for messages
};
using Entries = std::map<std::string, Entry>;

std::optional<int64_t> number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// Without the blanks and the quotes around it.
std::string trimmed(std::string text) {
  const auto strip = [&](const char* set) {
    text.erase(0, std::min(text.find_first_not_of(set), text.size()));
    text.erase(text.find_last_not_of(set) + 1);
  };
  strip(" \t\r");
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

void add(Entries& entries, std::string file, const std::string& label, const std::string& where) {
  std::replace(file.begin(), file.end(), '\\', '/');
  if (file.starts_with("./")) file.erase(0, 2);
  check_usage(entries.emplace(file, Entry{label, where}).second, where, ": ", file, " is there twice");
}

/// All labels are numbers and are kept, or they are names and become 0, 1, ... in sorted order.
void assign(const Entries& entries, const fs::path& source, ImageListing& listing) {
  std::vector<std::string> unlabelled;
  for (const std::string& file : listing.files) {
    if (!entries.contains(file)) unlabelled.push_back(file);
  }
  check_usage(unlabelled.empty(), source.string(), ": has no label for ",
              unlabelled.empty() ? "" : unlabelled[0],
              unlabelled.size() > 1 ? c10::str(" and ", unlabelled.size() - 1, " other images") : "");
  for (const auto& [file, entry] : entries) {
    check_usage(std::binary_search(listing.files.begin(), listing.files.end(), file), entry.where, ": ", file,
                ": there is no such image");
  }
  const bool numbers = std::all_of(entries.begin(), entries.end(),
                                   [](const auto& entry) { return number(entry.second.label).has_value(); });
  std::vector<std::string> names;
  if (!numbers) {
    for (const auto& [file, entry] : entries) names.push_back(entry.label);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }
  for (const std::string& file : listing.files) {
    const std::string& label = entries.at(file).label;
    listing.labels.push_back(numbers ? *number(label)
                                     : std::lower_bound(names.begin(), names.end(), label) - names.begin());
  }
  listing.num_classes = *std::max_element(listing.labels.begin(), listing.labels.end()) + 1;
  listing.class_names = std::move(names);
}

}  // namespace

void read_label_csv(const fs::path& file, ImageListing& listing) {
  std::istringstream stream(read_text(file));
  Entries entries;
  int64_t line_number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++line_number;
    if (line_number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (trimmed(line).empty()) continue;
    const std::string where = c10::str(file.string(), ":", line_number);
    const size_t comma = line.rfind(',');
    check_usage(comma != std::string::npos, where, ": must be file,label");
    const std::string name = trimmed(line.substr(0, comma)), label = trimmed(line.substr(comma + 1));
    const bool titles = line_number == 1 && fs::path(name).extension().empty();
    check_usage(!label.empty(), where, ": no label after the comma");
    if (!titles) add(entries, name, label, where);
  }
  assign(entries, file, listing);
}

void read_label_json(const fs::path& file, ImageListing& listing) {
  const auto json = nlohmann::json::parse(read_text(file), nullptr, /*allow_exceptions=*/false);
  check_usage(json.is_object() && json.contains("labels"), file.string(),
              ": must be a JSON object with \"labels\": [[file, number], ...] or null");
  const auto& labels = json["labels"];
  if (labels.is_null()) return;
  check_usage(labels.is_array() && !labels.empty(), file.string(),
              ": \"labels\" must be [[file, number], ...] or null");
  Entries entries;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto& pair = labels[i];
    const std::string where = c10::str(file.string(), ": labels[", i, "]");
    check_usage(pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_number_unsigned(),
                where, ": must be [file, number]");
    add(entries, pair[0], std::to_string(pair[1].get<uint64_t>()), where);
  }
  assign(entries, file, listing);
}

}  // namespace uvic
