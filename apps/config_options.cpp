#include "config_options.h"

#include <algorithm>

#include "core/config.h"

namespace uvic {
namespace {

// "true" for a flag without a value; a list's elements may be given with commas.
std::string assignment(const Field& field, const std::string& text) {
  const bool list = std::holds_alternative<std::vector<int64_t>*>(field.value) ||
                    std::holds_alternative<std::vector<double>*>(field.value) ||
                    std::holds_alternative<std::vector<std::string>*>(field.value);
  const std::string value = text.empty() ? "true" : list && !text.starts_with('[') ? "[" + text + "]" : text;
  return field.key + "=" + value;
}

}  // namespace

void ConfigOptions::add_to(CLI::App& app, const std::string& section) {
  app.add_option("--config", config_file_, "YAML file")->group("Configuration");
  app.add_option("--set", sets_, "a.b.c=value: any key of the configuration, any number of times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->group("Configuration");
  app.add_flag("--print-config", print_config, "print the effective configuration and exit")
      ->group("Configuration");
  Config defaults;
  for (const Field& field : fields_of(defaults)) {
    if (!field.key.starts_with(section + ".")) continue;
    std::string name = "--" + field.key.substr(section.size() + 1);
    std::replace(name.begin(), name.end(), '_', '-');
    if (name == "--batch-size") name += ",--batch";
    const bool flag = std::holds_alternative<bool*>(field.value);
    // The field points into `defaults`; only its key and its kind are used later.
    app.add_option_function<std::string>(
           name, [this, field](const std::string& text) { aliases_.push_back(assignment(field, text)); },
           field.help + " [" + allowed_text(field) + "]")
        ->expected(flag ? 0 : 1, 1)
        ->group("Keys of `" + section + "`");
  }
}

void ConfigOptions::assign(const std::vector<std::string>& assignments) {
  sets_.insert(sets_.begin(), assignments.begin(), assignments.end());
}

bool ConfigOptions::given(const std::string& key) const {
  const auto sets_it = [&](const std::string& text) { return text.starts_with(key + "="); };
  return std::any_of(sets_.begin(), sets_.end(), sets_it) ||
         std::any_of(aliases_.begin(), aliases_.end(), sets_it);
}

bool ConfigOptions::gives_model() const {
  return !config_file_.empty() || std::any_of(sets_.begin(), sets_.end(), [](const std::string& text) {
    return text.starts_with("model.");
  });
}

Config ConfigOptions::resolve(const std::string& checkpoint_yaml, const std::string& checkpoint_name) const {
  Config config;
  const auto fields = fields_of(config);
  if (!checkpoint_yaml.empty()) load_yaml(fields, checkpoint_yaml, checkpoint_name);
  if (!config_file_.empty()) load_yaml_file(fields, config_file_);
  for (const auto* assignments : {&sets_, &aliases_}) {
    for (const std::string& text : *assignments) set_field(fields, text);
  }
  config.validate();
  return config;
}

}  // namespace uvic
