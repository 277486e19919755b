#include "config_options.h"

#include <algorithm>

#include "core/config.h"

namespace uvic {
namespace {

// A flag needs no value.
std::string assignment(const FieldView& field, const std::string& text) {
  const bool flag = std::holds_alternative<const bool*>(field.value);
  return field.key + "=" + (flag && text.empty() ? "true" : text);
}

}  // namespace

void ConfigOptions::add_to(CLI::App& app, const std::vector<FieldView>& fields, const std::string& section) {
  app.add_option("--config", config_file_, "YAML file")->group("Configuration");
  app.add_option("--set", sets_, "a.b.c=value: any key of the configuration, any number of times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->group("Configuration");
  app.add_flag("--print-config", print_config, "print the effective configuration and exit")
      ->group("Configuration");
  for (const FieldView& field : fields) {
    if (!field.key.starts_with(section + ".")) continue;
    std::string name = "--" + field.key.substr(section.size() + 1);
    std::replace(name.begin(), name.end(), '_', '-');
    if (name == "--batch-size") name += ",--batch";
    const bool flag = std::holds_alternative<const bool*>(field.value);
    // Of the field only its key and its kind are used later: what it points to may be gone.
    app.add_option_function<std::string>(
           name, [this, field](const std::string& text) { aliases_.push_back(assignment(field, text)); },
           field.help + " [" + allowed_text(field) + "]")
        ->expected(flag ? 0 : 1, 1)
        ->group("Keys of `" + section + "`");
  }
}

void ConfigOptions::add_alias(CLI::App& app, const std::string& option, const std::string& key,
                              const std::string& help, const std::string& group) {
  app.add_option_function<std::string>(
         option, [this, key](const std::string& text) { aliases_.push_back(key + "=" + text); },
         help + " [" + key + "]")
      ->group(group);
}

void ConfigOptions::assign(const std::vector<std::string>& assignments) {
  sets_.insert(sets_.begin(), assignments.begin(), assignments.end());
}

bool ConfigOptions::given(const std::string& key) const {
  const auto sets_it = [&](const std::string& text) { return text.starts_with(key + "="); };
  return std::any_of(sets_.begin(), sets_.end(), sets_it) ||
         std::any_of(aliases_.begin(), aliases_.end(), sets_it);
}

void ConfigOptions::apply_to(const std::vector<Field>& fields, OtherSections* others) const {
  if (!config_file_.empty()) load_yaml_file(fields, config_file_, others);
  for (const auto* assignments : {&sets_, &aliases_}) {
    for (const std::string& text : *assignments) set_field(fields, text, others);
  }
}

Overlay ConfigOptions::overlay() const {
  return {.apply = [this](RecipeFile& file) { apply_to(fields_of(file.recipe), &file.training); },
          .describes_model = !config_file_.empty(),
          .sets = [this](const std::string& key) { return given(key); }};
}

void add_ema_width(CLI::App& app, std::string& weights) {
  app.add_option_function<std::string>(
         "--ema-width", [&weights](const std::string& width) { weights = "width-" + width; },
         "of a run with snapshots: the power-function average of this width, reconstructed (EDM2's "
         "sigma_rel, such as 0.12)")
      ->excludes("--weights")
      ->group(app.get_option("--weights")->get_group());
}

}  // namespace uvic
