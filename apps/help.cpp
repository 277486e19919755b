#include "help.h"

#include <algorithm>
#include <map>
#include <regex>

#include "core/text.h"

namespace uvic {
namespace {

// What CLI11 calls text is a file or folder behind these.
const std::map<std::string, std::string> kPaths = {
    {"--config", "FILE"},  {"--out", "PATH"},       {"--checkpoint", "PATH"}, {"--init-from", "PATH"},
    {"--raw", "FILE"},     {"--images", "DIR"},     {"--features", "FILE"},   {"--prompts", "FILE"},
    {"--json", "FILE"},    {"--pictures", "DIR"},   {"--inputs", "FILE"},     {"--timesteps", "FILE"},
    {"--vae", "PATH"},     {"--tokenizer", "PATH"}, {"--tokens", "FILE"},     {"--text-encoder", "PATH"},
    {"--stats", "FILE"},   {"--reproduce", "FILE"}, {"--init-image", "FILE"}, {"--mask", "FILE"},
    {"--against", "PATH"}, {"--compare", "RUN"},    {"--checkpoints", "DIR"}, {"--data", "PATH"}};
constexpr size_t kLongestChoices = 24;
constexpr auto kOwnGroup = "Help";

std::vector<std::string> split(const std::string& text) {
  static const std::regex comma(", ?");
  return {std::sregex_token_iterator(text.begin(), text.end(), comma, -1), {}};
}

// CLI11 says "INT:INT in [0 - 1024]", "TEXT:{keep,fp32}".
struct TypeName {
  std::string base, range;
  std::vector<std::string> choices;
};

TypeName read_type(const std::string& text) {
  TypeName type;
  std::smatch match;
  type.base = text.substr(0, text.find(':'));
  if (std::regex_search(text, match, std::regex("\\{(.*)\\}"))) type.choices = split(match[1]);
  if (std::regex_search(text, match, std::regex("in \\[(\\S+) - (\\S+)\\]")))
    type.range = match[1].str() + " to " + match[2].str();
  return type;
}

std::string placeholder(const TypeName& type, const std::string& name) {
  if (!type.choices.empty()) {
    const std::string all = join(type.choices, "|");
    return all.size() <= kLongestChoices ? all : "NAME";
  }
  if (const auto path = kPaths.find(name); path != kPaths.end()) return path->second;
  if (type.base == "INT" || type.base == "UINT") return "N";
  return type.base == "FLOAT" ? "X" : type.base;
}

// What config_options.cpp says in brackets that a key may be.
std::string placeholder_of_key(const std::string& text) {
  for (const auto& [kind, value] : {std::pair("[a whole number", "N"),
                                    {"[a number", "X"},
                                    {"[a list of", "X,X"},
                                    {"[one of", "NAME"},
                                    {"[true or false]", "true|false"}}) {
    if (text.find(kind) != std::string::npos) return value;
  }
  return "TEXT";
}

std::string names_of(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return join(names, ", ");
}

// What is behind the sentence in brackets.
std::string remarks(const CLI::Option& option, const TypeName& type, const std::string& value) {
  std::vector<std::string> remarks;
  if (option.get_required() && !option.get_positional()) remarks.emplace_back("required");
  if (!option.get_default_str().empty()) remarks.push_back("default " + option.get_default_str());
  if (!type.range.empty()) remarks.push_back(type.range);
  if (!type.choices.empty() && value == "NAME") remarks.push_back("one of " + join(type.choices, ", "));
  std::vector<std::string> needs, excludes;
  for (const CLI::Option* other : option.get_needs()) needs.push_back(other->get_name());
  for (const CLI::Option* other : option.get_excludes()) excludes.push_back(other->get_name());
  if (!needs.empty()) remarks.push_back("needs " + names_of(needs));
  if (!excludes.empty()) remarks.push_back("not with " + names_of(excludes));
  return remarks.empty() ? "" : " (" + join(remarks, "; ") + ")";
}

HelpOption help_option(const CLI::Option& option) {
  HelpOption help;
  for (const std::string& name : option.get_snames()) help.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) help.names.push_back("--" + name);
  help.positional = help.names.empty();
  if (help.positional) help.names.push_back(option.get_name(/*positional=*/true));
  const TypeName type = read_type(option.get_type_name());
  help.required = option.get_required();
  help.repeated = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  help.choices = type.choices;
  std::string text = option.get_description();
  std::smatch match;  // of a configuration's key
  if (std::regex_search(text, match, std::regex(" \\[one of (.*)\\]$"))) help.choices = split(match[1]);
  if (text.ends_with(" [true or false]")) help.choices = {"true", "false"};
  if (text.ends_with(" [text]")) text.resize(text.size() - 7);
  if (option.get_expected_max() > 0 && !help.positional) help.value = placeholder(type, help.names.back());
  if (help.value == "TEXT") help.value = placeholder_of_key(option.get_description());
  help.text = text + remarks(option, type, help.value);
  return help;
}

int rank_of(const std::string& group) {
  if (group.starts_with("Keys of")) return 1;
  return group == "Configuration" ? 2 : group == "Machine" ? 3 : group == kOwnGroup ? 4 : 0;
}

}  // namespace

HelpPage help_page(const CLI::App& app) {
  HelpPage page;
  page.program = app.get_name();
  if (const CLI::App* parent = app.get_parent()) page.program = parent->get_name() + " " + page.program;
  page.summary = app.get_description();
  HelpGroup by_place{"Arguments", {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    HelpOption help = help_option(*option);
    const bool own = help.names.back() == "--help" || help.names.back() == "--version";
    if (help.positional) {
      by_place.options.push_back(std::move(help));
      continue;
    }
    const std::string title = own ? kOwnGroup : option->get_group();
    auto group = std::find_if(page.groups.begin(), page.groups.end(),
                              [&](auto& known) { return known.title == title; });
    if (group == page.groups.end()) group = page.groups.insert(group, {title, {}});
    group->options.push_back(std::move(help));
  }
  std::stable_sort(page.groups.begin(), page.groups.end(),
                   [](auto& a, auto& b) { return rank_of(a.title) < rank_of(b.title); });
  if (!by_place.options.empty()) page.groups.insert(page.groups.begin(), std::move(by_place));
  for (const CLI::App* command : app.get_subcommands({})) page.commands.push_back(help_page(*command));
  page.examples = examples_of(page.program);
  page.notes = app.get_footer();
  return page;
}

std::vector<HelpOption> HelpPage::options() const {
  std::vector<HelpOption> all;
  for (const HelpGroup& group : groups) all.insert(all.end(), group.options.begin(), group.options.end());
  return all;
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  return help_text(help_page(*app), help_columns());
}

}  // namespace uvic
