// Option structs from and to YAML (yaml-cpp). Every error names the source, the line, the key, the value and
// what is allowed.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/options.h"

namespace uvic {

/// Sections that the fields do not have and another program reads: kept as they were found, unchecked.
class OtherSections {
 public:
  explicit OtherSections(std::vector<std::string> names = {}) : names_(std::move(names)) {}
  /// Whether "train.steps" lies in one of them.
  bool hold(const std::string& key) const;
  /// `text`: YAML flow text. A key keeps its place when it is set again.
  void set(const std::string& key, const std::string& text);
  /// {"train.steps", "1000"}, ...
  const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Sets the fields named in `text`: YAML, and so JSON; numbers and booleans in any notation of parse_value,
/// merge keys, tuples as Python prints them. Unknown keys (the nearest valid one is named), repeated keys,
/// wrong types and values out of range throw UsageError; `source` stands before the line number in messages
/// ("configs/x.yaml").
void load_yaml(const std::vector<Field>& fields, const std::string& text, const std::string& source,
               OtherSections* others = nullptr);

/// The same from a file. `base: other.yaml` in it, relative to the file, is loaded first, so that what this
/// file sets comes after. UsageError if a file cannot be read or is its own base.
void load_yaml_file(const std::vector<Field>& fields, const std::filesystem::path& path,
                    OtherSections* others = nullptr);

/// One `--set a.b.c=value`. Of a key of text all that follows `=` is its value, never YAML, but for quotes
/// around the whole of it, which are taken off ('a b'). A list may stand in brackets or not: [28, 28] or
/// 28,28. A key of `others` is refused: nothing would come of it.
void set_field(const std::vector<Field>& fields, const std::string& assignment,
               const OtherSections* others = nullptr);

/// All fields as YAML with one section a block, then those of `others`; reads back equal.
std::string print_yaml(const std::vector<FieldView>& fields, const OtherSections& others = OtherSections());
inline std::string print_yaml(const std::vector<Field>& fields) {
  return print_yaml(std::vector<FieldView>(fields.begin(), fields.end()));
}

}  // namespace uvic
