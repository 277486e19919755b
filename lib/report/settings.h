// A run's configuration, key by key, beside the defaults.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

struct Setting {
  std::string key, value;
  std::string standard = {};  ///< the default; empty for a key that this version does not have
  std::string help = {};
  bool known = false;

  std::string section() const { return key.substr(0, key.find('.')); }
  bool differs() const { return !known || value != standard; }
};
using Settings = std::vector<Setting>;

/// Of a config.yaml as uvic-train or `uvic-lm train` writes it, of this version or another. UsageError names
/// file and line where it is no YAML.
Settings read_settings(const std::filesystem::path& config_yaml);

/// Empty if there is no such key.
std::string setting(const Settings& settings, const std::string& key);

/// Whether they are those of a language model.
bool of_language(const Settings& settings);

/// A key that is not the same in all of several configurations, and its value in each; "-" where it is
/// absent.
struct KeyDifference {
  std::string key, help;
  std::vector<std::string> values;
};
/// In the order of the first that has them.
std::vector<KeyDifference> differences_of(const std::vector<const Settings*>& runs);

}  // namespace uvic
