#include "data/label_files.h"

#include <sstream>

#include "core/errors.h"
#include "core/text.h"
#include "data/assign_labels.h"
#include "io/json_text.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

/// What a field of a CSV file holds: "a, ""b""" in quotes is a, "b".
std::string field_text(const std::string& field) {
  const std::string text = trimmed(field);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  std::string inside;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    inside += text[i];
    if (text[i] == '"' && i + 2 < text.size() && text[i + 1] == '"') ++i;
  }
  return inside;
}

/// The last comma of a line outside quotes, which open where a field begins. A name without quotes may have
/// commas.
size_t last_comma(const std::string& line) {
  size_t last = std::string::npos;
  bool quoted = false, begins = true;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      quoted = c != '"';  // a doubled quote closes and opens again
      begins = c == '"';
    } else if (c == ',') {
      last = i;
      begins = true;
    } else if (c == '"' && begins) {
      quoted = true;
    } else if (c != ' ' && c != '\t') {
      begins = false;
    }
  }
  return last;
}

std::string label_text(const Json& label, const std::string& where) {
  check_usage(!label.is_null(), where,
              ": has no label (null); give every image one, or write \"labels\": null");
  check_usage(label.is_number() || label.is_string(), where, ": the label is ", json_kind(label),
              "; it must be [file, number] or [file, name]");
  return label.is_string() ? label.get<std::string>() : label.dump();
}

}  // namespace

void read_label_csv(const FileSource& source, const std::string& file, ImageListing& listing) {
  const std::string name = source.full_name(file);
  std::string text = source.text(file);
  check_usage(!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF"), name,
              ": is UTF-16 text; save it as UTF-8");
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::istringstream stream(text);
  LabelEntries entries;
  int64_t line_number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++line_number;
    if (trimmed(line).empty()) continue;
    const std::string where = c10::str(name, ":", line_number);
    const size_t comma = last_comma(line);
    check_usage(comma != std::string::npos, where, ": must be file,label",
                line.find_first_of(";\t") == std::string::npos
                    ? ""
                    : "; this line has no comma, but tabs or semicolons");
    const std::string image = field_text(line.substr(0, comma)), label = field_text(line.substr(comma + 1));
    const bool titles = line_number == 1 && !is_image_name(image);
    check_usage(!label.empty(), where, ": no label after the comma");
    if (!titles) add_label(entries, image, label, where);
  }
  assign_labels(entries, source, file, listing);
}

void read_label_json(const FileSource& source, const std::string& file, ImageListing& listing) {
  const std::string name = source.full_name(file);
  const Json json = parse_json(source.text(file), name);
  const std::string what = ": must be a JSON object with \"labels\": [[file, number], ...] or null";
  check_usage(json.is_object(), name, what, "; it is ", json_kind(json));
  check_usage(json.contains("labels"), name, what);
  const Json& labels = json["labels"];
  if (labels.is_null()) return;
  check_usage(labels.is_array() && !labels.empty(), name,
              ": \"labels\" must be [[file, number], ...] or null; it is ", json_kind(labels));
  LabelEntries entries;
  for (size_t i = 0; i < labels.size(); ++i) {
    const Json& pair = labels[i];
    const std::string where = c10::str(name, ": labels[", i, "]");
    check_usage(pair.is_array() && pair.size() == 2 && pair[0].is_string(), where,
                ": must be [file, number]; it is ", json_kind(pair));
    add_label(entries, pair[0].get<std::string>(), label_text(pair[1], where), where);
  }
  assign_labels(entries, source, file, listing);
}

}  // namespace uvic
