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

void assign(const Field& field, const YAML::Node& node, const std::string& where) {
  const auto text = [&] {
    YAML::Emitter emitter;
    emitter << YAML::Flow << node;
    return std::string(emitter.c_str());
  };
  if (!std::visit([&](auto* value) { return read(node, *value); }, field.value)) {
    usage_error(where, ": ", field.key, ": '", text(), "' is not ", allowed_text(field));
  }
  if (const std::string problem = problem_with(field); !problem.empty()) {
    usage_error(where, ": ", field.key, ": ", problem, "; it must be ", allowed_text(field));
  }
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

void load_map(const std::vector<Field>& fields, const YAML::Node& map, const std::string& prefix,
              const std::string& source, std::set<std::string>& seen) {
  for (const auto& entry : map) {
    const std::string where = place(source, entry.first.Mark());
    check_usage(entry.first.IsScalar(), where, ": a key must be a name");
    const std::string key = prefix + entry.first.Scalar();
    check_usage(seen.insert(key).second, where, ": key '", key, "' is given twice");
    if (const Field* field = find(fields, key)) {
      assign(*field, entry.second, where);
    } else if (!is_section(fields, key)) {
      unknown_key(fields, key, where);
    } else if (entry.second.IsMap()) {
      load_map(fields, entry.second, key + ".", source, seen);
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

void load_document(const std::vector<Field>& fields, const YAML::Node& root, const std::string& source) {
  if (root.IsNull()) return;
  check_usage(root.IsMap(), source, ": the file must be a map of sections");
  std::set<std::string> seen;
  load_map(fields, root, "", source, seen);
}

/// `where` names the file that has this one as its base; `open` holds the files that led here.
void load_file(const std::vector<Field>& fields, const std::filesystem::path& path, const std::string& where,
               std::set<std::filesystem::path> open) {
  YAML::Node root = parse_yaml(read_config(path, where), path.string());
  check_usage(open.insert(std::filesystem::canonical(path)).second, where, path.string(), " is its own base");
  if (root.IsMap() && root["base"]) {
    const YAML::Node base = root["base"];
    const std::string here = place(path.string(), base.Mark()) + ": base: ";
    check_usage(base.IsScalar(), here, "must be the name of a config file");
    load_file(fields, path.parent_path() / base.Scalar(), here, open);
    root.remove("base");
  }
  load_document(fields, root, path.string());
}

}  // namespace

void load_yaml(const std::vector<Field>& fields, const std::string& text, const std::string& source) {
  load_document(fields, parse_yaml(text, source), source);
}

void load_yaml_file(const std::vector<Field>& fields, const std::filesystem::path& path) {
  load_file(fields, path, "", {});
}

void set_field(const std::vector<Field>& fields, const std::string& assignment) {
  const std::string source = "--set " + assignment;
  const size_t equals = assignment.find('=');
  check_usage(equals != std::string::npos && equals > 0, source,
              ": write it as key=value, such as train.steps=1000");
  const std::string key = assignment.substr(0, equals);
  const Field* field = find(fields, key);
  check_usage(field != nullptr || !is_section(fields, key), source, ": '", key,
              "' is a section; set one of its keys");
  if (field == nullptr) unknown_key(fields, key, source);
  assign(*field, parse_yaml(assignment.substr(equals + 1), source), source);
}

std::string print_yaml(const std::vector<Field>& fields) {
  std::string text, section;
  for (const Field& field : fields) {
    const size_t dot = field.key.find('.');
    if (dot != std::string::npos && field.key.substr(0, dot) != section) {
      section = field.key.substr(0, dot);
      text += section + ":\n";
    }
    const std::string name = dot == std::string::npos ? field.key : "  " + field.key.substr(dot + 1);
    text += name + ": " + value_text(field) + "\n";
  }
  return text;
}

}  // namespace uvic
