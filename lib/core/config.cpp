#include "core/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

std::string place(const std::string& source, const YAML::Mark& mark) {
  return mark.line >= 0 ? c10::str(source, ":", mark.line + 1) : source;
}

bool parse(const std::string& text, bool& value) {
  value = text == "true";
  return text == "true" || text == "false";
}
bool parse(const std::string& text, std::string& value) {
  value = text;
  return true;
}
bool parse(const std::string& text, NamedValue& value) {
  return value.set(text);
}
template <class Number>
bool parse(const std::string& text, Number& value) {
  const char* begin = text.data() + (text.starts_with('+') && !text.starts_with("+-") ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, value);
  return result.ec == std::errc{} && result.ptr == end;
}
template <class T>
bool read(const YAML::Node& node, T& value) {
  return node.IsScalar() && parse(node.Scalar(), value);
}
// A scalar where a list is expected is a list of one: `ema: 0.9999`, `img_size: 32`.
template <class T>
bool read(const YAML::Node& node, std::vector<T>& values) {
  values.clear();
  if (node.IsScalar()) return parse(node.Scalar(), values.emplace_back());
  return node.IsSequence() && std::all_of(node.begin(), node.end(), [&](const YAML::Node& item) {
           return item.IsScalar() && parse(item.Scalar(), values.emplace_back());
         });
}

std::string flow_text(const YAML::Node& node) {
  YAML::Emitter emitter;
  emitter << YAML::Flow << node;
  return emitter.c_str();
}

void assign(const Field& field, const YAML::Node& node, const std::string& where) {
  if (std::visit([&](auto* value) { return read(node, *value); }, field.target)) {
    const std::string problem = problem_with(field);
    check_usage(problem.empty(), where, ": ", field.key, ": ", problem, "; it must be ", allowed_text(field));
    return;
  }
  const bool unknown_name = node.IsScalar() && std::holds_alternative<NamedValue*>(field.target);
  const std::string close = unknown_name ? nearest(node.Scalar(), field.allowed.choices) : "";
  check_usage(!unknown_name, where, ": ", field.key, ": unknown value '", flow_text(node), "'",
              close.empty() ? "" : " (did you mean '" + close + "'?)", "; it must be ", allowed_text(field));
  usage_error(where, ": ", field.key, ": '", flow_text(node), "' is not ", allowed_text(field));
}

const Field* find(const std::vector<Field>& fields, const std::string& key) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

bool is_section(const std::vector<Field>& fields, const std::string& key) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& f) { return f.key.starts_with(key + "."); });
}

[[noreturn]] void unknown_key(const std::vector<Field>& fields, const std::string& key,
                              const std::string& where) {
  std::vector<std::string> keys;
  for (const Field& field : fields) {
    keys.push_back(field.key);
    for (size_t dot = field.key.find('.'); dot != std::string::npos; dot = field.key.find('.', dot + 1)) {
      keys.push_back(field.key.substr(0, dot));
    }
  }
  const std::string close = nearest(key, keys);
  usage_error(where, ": unknown key '", key, "'", close.empty() ? "" : "; did you mean '" + close + "'?");
}

struct Reading {
  const std::vector<Field>& fields;
  OtherSections* others;
  std::string source;
  std::set<std::string> seen = {};
};

void load_map(Reading& reading, const YAML::Node& map, const std::string& prefix) {
  const auto& [fields, others, source, seen] = reading;
  for (const auto& entry : map) {
    const std::string where = place(source, entry.first.Mark());
    check_usage(entry.first.IsScalar(), where, ": a key must be a name");
    const std::string key = prefix + entry.first.Scalar();
    check_usage(reading.seen.insert(key).second, where, ": key '", key, "' is given twice");
    if (const Field* field = find(fields, key)) {
      assign(*field, entry.second, where);
    } else if (others != nullptr && others->hold(key) && !entry.second.IsMap()) {
      if (!entry.second.IsNull()) others->set(key, flow_text(entry.second));
    } else if (!is_section(fields, key) && (others == nullptr || !others->hold(key + "."))) {
      unknown_key(fields, key, where);
    } else if (entry.second.IsMap()) {
      load_map(reading, entry.second, key + ".");
    } else {
      check_usage(entry.second.IsNull(), where, ": '", key, "' is a section; it must be a map of keys");
    }
  }
}

YAML::Node parse_yaml(const std::string& text, const std::string& source) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    check_usage(documents.size() <= 1, source, ": holds ", documents.size(),
                " YAML documents; it must hold one");
    return documents.empty() ? YAML::Node() : documents.front();
  } catch (const YAML::ParserException& error) {
    usage_error(place(source, error.mark), ": not valid YAML: ", error.msg);
  }
}

std::string read_config(const std::filesystem::path& path, const std::string& where) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  check_usage(file.is_open() && !file.bad() && std::filesystem::is_regular_file(path), where, path.string(),
              ": cannot read this config file");
  return text.str();
}

void load_document(const std::vector<Field>& fields, const YAML::Node& root, const std::string& source,
                   OtherSections* others) {
  if (root.IsNull()) return;
  check_usage(root.IsMap(), source, ": the file must be a map of sections");
  Reading reading{fields, others, source};
  load_map(reading, root, "");
}

/// `where` names the file that has this one as its base; `open` holds the files that led here.
void load_file(const std::vector<Field>& fields, const std::filesystem::path& path, const std::string& where,
               std::set<std::filesystem::path> open, OtherSections* others) {
  YAML::Node root = parse_yaml(read_config(path, where), path.string());
  check_usage(open.insert(std::filesystem::canonical(path)).second, where, path.string(), " is its own base");
  if (root.IsMap() && root["base"]) {
    const YAML::Node base = root["base"];
    const std::string here = place(path.string(), base.Mark()) + ": base: ";
    check_usage(base.IsScalar(), here, "must be the name of a config file");
    load_file(fields, path.parent_path() / base.Scalar(), here, open, others);
    root.remove("base");
  }
  load_document(fields, root, path.string(), others);
}

}  // namespace

bool OtherSections::hold(const std::string& key) const {
  return std::any_of(names_.begin(), names_.end(),
                     [&](const std::string& name) { return key.starts_with(name + "."); });
}

void OtherSections::set(const std::string& key, const std::string& text) {
  const auto found =
      std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == key; });
  if (found != values_.end()) {
    found->second = text;
    return;
  }
  // Behind its section's last one: a section is printed once.
  const std::string section = key.substr(0, key.find('.') + 1);
  const auto last = std::find_if(values_.rbegin(), values_.rend(),
                                 [&](const auto& v) { return v.first.starts_with(section); });
  values_.emplace(last == values_.rend() ? values_.end() : last.base(), key, text);
}

void load_yaml(const std::vector<Field>& fields, const std::string& text, const std::string& source,
               OtherSections* others) {
  load_document(fields, parse_yaml(text, source), source, others);
}

void load_yaml_file(const std::vector<Field>& fields, const std::filesystem::path& path,
                    OtherSections* others) {
  load_file(fields, path, "", {}, others);
}

void set_field(const std::vector<Field>& fields, const std::string& assignment, const OtherSections* others) {
  const std::string source = "--set " + assignment;
  const size_t equals = assignment.find('=');
  check_usage(equals != std::string::npos && equals > 0, source,
              ": write it as key=value, such as train.steps=1000");
  const std::string key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  check_usage(others == nullptr || !others->hold(key), source, ": only training reads ", key,
              "; here it would change nothing");
  const Field* field = find(fields, key);
  check_usage(field != nullptr || !is_section(fields, key), source, ": '", key,
              "' is a section; set one of its keys");
  if (field == nullptr) unknown_key(fields, key, source);
  assign(*field, parse_yaml(text, source), source);
}

std::string print_yaml(const std::vector<FieldView>& fields, const OtherSections& others) {
  std::string text, section;
  const auto print = [&](const std::string& key, const std::string& value) {
    const size_t dot = key.find('.');
    if (dot != std::string::npos && key.substr(0, dot) != section) {
      section = key.substr(0, dot);
      text += section + ":\n";
    }
    text += (dot == std::string::npos ? key : "  " + key.substr(dot + 1)) + ": " + value + "\n";
  };
  for (const FieldView& field : fields) print(field.key, value_text(field));
  for (const auto& [key, value] : others.values()) print(key, value);
  return text;
}

}  // namespace uvic
