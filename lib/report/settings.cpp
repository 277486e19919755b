#include "report/settings.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/config.h"
#include "io/read_file.h"
#include "tasks/diffusion/config.h"
#include "tasks/language/config.h"

namespace uvic {
namespace {

constexpr auto kLanguageKey = "model.vocab_size";

// Of YAML in blocks, one a section.
std::vector<std::string> section_names(const std::string& yaml) {
  std::vector<std::string> names;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && std::isalpha(static_cast<unsigned char>(line[0])) != 0)
      names.push_back(line.substr(0, colon));
  }
  return names;
}

template <class Config>
void add_defaults(Settings& settings) {
  const Config defaults;
  for (const FieldView& field : fields_of(defaults)) {
    const auto found =
        std::find_if(settings.begin(), settings.end(), [&](auto& s) { return s.key == field.key; });
    if (found == settings.end()) continue;
    found->standard = value_text(field);
    found->help = field.help;
    found->known = true;
  }
}

const Setting* find(const Settings& settings, const std::string& key) {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](auto& s) { return s.key == key; });
  return found == settings.end() ? nullptr : &*found;
}

}  // namespace

// Without the option structs, as sections that another program reads: runs of other versions have other keys.
Settings read_settings(const std::filesystem::path& config_yaml) {
  const std::string yaml = read_text(config_yaml);
  OtherSections sections(section_names(yaml));
  load_yaml({}, yaml, config_yaml.string(), &sections);
  Settings settings;
  for (const auto& [key, value] : sections.values()) settings.push_back({.key = key, .value = value});
  if (of_language(settings)) {
    add_defaults<LanguageConfig>(settings);
  } else {
    add_defaults<DiffusionConfig>(settings);
  }
  return settings;
}

std::string setting(const Settings& settings, const std::string& key) {
  const Setting* found = find(settings, key);
  return found == nullptr ? "" : found->value;
}

bool of_language(const Settings& settings) {
  return find(settings, kLanguageKey) != nullptr;
}

std::vector<KeyDifference> differences_of(const std::vector<const Settings*>& runs) {
  std::vector<KeyDifference> differences;
  std::vector<std::string> seen;
  for (const Settings* run : runs) {
    for (const Setting& setting : *run) {
      if (std::find(seen.begin(), seen.end(), setting.key) != seen.end()) continue;
      seen.push_back(setting.key);
      KeyDifference difference{setting.key, setting.help, {}};
      for (const Settings* other : runs) {
        const Setting* found = find(*other, setting.key);
        difference.values.push_back(found == nullptr ? "-" : found->value);
      }
      const auto& values = difference.values;
      if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end())
        differences.push_back(std::move(difference));
    }
  }
  return differences;
}

}  // namespace uvic
