// --config, --set, --print-config, and an option for each key of a section, made from its visit list.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "train/config.h"

namespace uvic {

class ConfigOptions {
 public:
  /// Adds --config, --set and --print-config, and for each key `section.some_key` an option --some-key; none
  /// if `section` is empty.
  void add_to(CLI::App& app, const std::string& section);

  /// As if --set gave each of these, key=value, first.
  void assign(const std::vector<std::string>& assignments);

  /// Defaults, then the checkpoint's own config (if any), --config, --set, options; validated.
  Config resolve(const std::string& checkpoint_yaml = "", const std::string& checkpoint_name = "") const;

  /// Whether the command line itself sets `key`, by --set or by its option.
  bool given(const std::string& key) const;

  /// Whether the command line describes a model: by --config, or --set of keys of `model`.
  bool gives_model() const;

  bool print_config = false;

 private:
  std::string config_file_;
  std::vector<std::string> sets_, aliases_;
};

}  // namespace uvic
