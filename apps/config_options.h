// --config, --set, --print-config, and an option for each key of a section, made from its visit list.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "recipe/load_model.h"

namespace uvic {

class ConfigOptions {
 public:
  /// Adds --config, --set and --print-config, and for each of `fields` of `section` an option --some-key;
  /// none if `section` is empty.
  void add_to(CLI::App& app, const std::vector<FieldView>& fields, const std::string& section);

  /// As if --set gave each of these, key=value, first.
  void assign(const std::vector<std::string>& assignments);

  /// An option of its own for a key, as those that add_to makes for a section.
  void add_alias(CLI::App& app, const std::string& option, const std::string& key, const std::string& help,
                 const std::string& group);

  /// --config, --set and options, over what `fields` hold.
  void apply_to(const std::vector<Field>& fields, OtherSections* others = nullptr) const;
  /// The same over the recipe of a weights file.
  Overlay overlay() const;

  /// Whether the command line itself sets `key`, by --set or by its option.
  bool given(const std::string& key) const;

  /// Whether there is a --config or a --set.
  bool any() const { return !config_file_.empty() || !sets_.empty(); }

  bool print_config = false;

 private:
  std::string config_file_;
  std::vector<std::string> sets_, aliases_;
};

/// --ema-width W sets `weights` to "width-W", see find_model.
void add_ema_width(CLI::App& app, std::string& weights);

}  // namespace uvic
