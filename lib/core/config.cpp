#include "core/config.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "core/errors.h"
#include "core/home.h"
#include "core/parse.h"
#include "core/text.h"

namespace uvic {
namespace {

std::string place(const std::string& source, const YAML::Mark& mark) {
  return mark.line >= 0 ? c10::str(source, ":", mark.line + 1) : source;
}

// What a parser's complaint is about where a line is indented by a tab, which YAML does not take.
std::string tab_hint(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const size_t tab = line.find_first_not_of(' ');
    if (tab != std::string::npos && line[tab] == '\t' && line.find_first_not_of(" \t\r") != std::string::npos)
      return c10::str(" (line ", number, " is indented by a tab; YAML takes spaces)");
  }
  return "";
}

using uvic::parse_value;
bool parse_value(const std::string& text, std::string& value) {
  value = text;
  return true;
}
bool parse_value(const std::string& text, NamedValue& value) {
  bool flag = false;  // of a choice between true, false and something else: in every spelling
  return value.set(text) || (parse_value(text, flag) && value.set(flag ? "true" : "false"));
}

// Of a list in one scalar: `0.9, 0.99` or, as Python prints a tuple, `(28, 28)`.
std::vector<std::string> items_of(std::string text) {
  const bool tuple = text.starts_with('(') && text.ends_with(')');
  if (tuple) text = trimmed(text.substr(1, text.size() - 2));
  if (tuple && text.ends_with(',')) text.pop_back();  // "(28,)"
  std::vector<std::string> items;
  if (tuple && text.empty()) return items;
  for (size_t begin = 0, end = 0; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    items.push_back(trimmed(text.substr(begin, end - begin)));
  }
  return items;
}

template <class T>
bool read(const YAML::Node& node, T& value) {
  return node.IsScalar() && parse_value(node.Scalar(), value);
}
// A scalar where a list is expected is a list of one: `ema: 0.9999`, `img_size: 32`.
template <class T>
bool read(const YAML::Node& node, std::vector<T>& values) {
  values.clear();
  const auto take = [&](const std::string& item) { return parse_value(item, values.emplace_back()); };
  if (node.IsScalar()) {
    const auto items = items_of(node.Scalar());
    return std::all_of(items.begin(), items.end(), take);
  }
  return node.IsSequence() && std::all_of(node.begin(), node.end(), [&](const YAML::Node& item) {
           return item.IsScalar() && take(item.Scalar());
         });
}

// Aliases make possible a node that holds itself, and one that a few others hold many times over.
void check_depth(int depth, const std::string& where) {
  constexpr int kDeepest = 32;
  check_usage(depth <= kDeepest, where, ": a value is nested in more than ", kDeepest, " others");
}

// As YAML flow text that reads back equal.
std::string flow_text(const YAML::Node& node, const std::string& where, int depth = 0) {
  constexpr size_t kLongest = 1 << 20;
  check_depth(depth, where);
  if (node.IsScalar()) return value_text(node.Scalar());
  size_t length = 0;
  const auto inner = [&](const YAML::Node& part) {
    std::string text = flow_text(part, where, depth + 1);
    check_usage((length += text.size()) <= kLongest, where, ": a value is longer than ", kLongest,
                " letters");
    return text;
  };
  std::vector<std::string> parts;
  if (node.IsMap()) {
    for (const auto& entry : node) parts.push_back(inner(entry.first) + ": " + inner(entry.second));
    return "{" + join(parts, ", ") + "}";
  }
  for (const YAML::Node& item : node) parts.push_back(inner(item));
  return node.IsSequence() ? "[" + join(parts, ", ") + "]" : "null";
}

void assign(const Field& field, const YAML::Node& node, const std::string& where) {
  const std::string what = where + ": " + field.key + ": ", allowed = "; it must be " + allowed_text(field);
  check_usage(!node.IsNull(), what, "has no value", allowed,
              field.is(kPath) ? " (~/ is the home folder, \"\" is none)" : "");
  if (std::visit([&](auto* value) { return read(node, *value); }, field.target)) {
    const std::string problem = problem_with(field);
    check_usage(problem.empty(), what, problem, allowed);
    if (!field.is(kPath)) return;
    auto& path = *std::get<std::string*>(field.target);
    try {
      path = expand_home(path);
    } catch (const UsageError& error) {
      usage_error(what, error.what());
    }
    return;
  }
  const std::string given = node.IsScalar() ? node.Scalar() : flow_text(node, where);
  const bool name = node.IsScalar() && std::holds_alternative<NamedValue*>(field.target);
  check_usage(!name, what, unknown_value(given, field.allowed.choices), allowed);
  usage_error(what, "'", given, "' is not ", allowed_text(field),
              given.starts_with('(') ? "; a list is written [a, b]" : "");
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
  const auto leaf = [](const std::string& k) { return k.substr(k.rfind('.') + 1); };
  const auto depth = [](const std::string& k) { return std::count(k.begin(), k.end(), '.'); };
  std::vector<std::string> keys, elsewhere;
  for (const Field& field : fields) {
    keys.push_back(field.key);
    if (leaf(field.key) == leaf(key)) elsewhere.push_back("'" + field.key + "'");
    for (size_t dot = field.key.find('.'); dot != std::string::npos; dot = field.key.find('.', dot + 1)) {
      if (depth(field.key.substr(0, dot)) == depth(key)) keys.push_back(field.key.substr(0, dot));
    }
  }
  const std::string close = nearest(key, keys);
  if (elsewhere.empty() && !close.empty()) elsewhere.push_back("'" + close + "'");
  usage_error(where, ": unknown key '", key, "'",
              elsewhere.empty() ? "" : "; did you mean " + join(elsewhere, " or ") + "?");
}

struct Reading {
  const std::vector<Field>& fields;
  OtherSections* others;
  std::string source, tabs;
  std::set<std::string> seen = {};
};

using Entry = std::pair<YAML::Node, YAML::Node>;

// A map's own entries, then those of its merge keys (`<<: *defaults`) that it has not itself. `maps` counts
// all that are looked at.
std::vector<Entry> entries_of(const YAML::Node& map, const std::string& source, int& maps, int depth = 0) {
  constexpr int kMost = 1000;
  check_depth(depth, place(source, map.Mark()));
  check_usage(++maps <= kMost, place(source, map.Mark()), ": << takes in more than ", kMost, " maps");
  std::vector<Entry> entries;
  std::vector<YAML::Node> merged;
  for (const auto& entry : map) {
    const std::string where = place(source, entry.first.Mark());
    check_usage(entry.first.IsScalar(), where, ": a key must be a name");
    if (entry.first.Scalar() != "<<") {
      entries.emplace_back(entry.first, entry.second);
      continue;
    }
    const auto take = [&](const YAML::Node& node) {
      check_usage(node.IsMap(), where, ": << takes in a map or a list of maps, such as *defaults");
      merged.push_back(node);
    };
    if (entry.second.IsSequence()) {
      for (const YAML::Node& node : entry.second) take(node);
    } else {
      take(entry.second);
    }
  }
  for (const YAML::Node& node : merged) {
    for (Entry& entry : entries_of(node, source, maps, depth + 1)) {
      const bool own = std::any_of(entries.begin(), entries.end(), [&](const Entry& known) {
        return known.first.Scalar() == entry.first.Scalar();
      });
      if (!own) entries.push_back(std::move(entry));
    }
  }
  return entries;
}

void load_map(Reading& reading, const YAML::Node& map, const std::string& prefix) {
  const auto& [fields, others, source, tabs, seen] = reading;
  check_depth(int(std::count(prefix.begin(), prefix.end(), '.')), place(source, map.Mark()));
  int maps = 0;
  for (const auto& [name, value] : entries_of(map, source, maps)) {
    const std::string where = place(source, name.Mark());
    const std::string key = prefix + name.Scalar();
    check_usage(reading.seen.insert(key).second, where, ": key '", key, "' is given twice");
    if (const Field* field = find(fields, key)) {
      assign(*field, value, where);
    } else if (others != nullptr && others->hold(key) && !value.IsMap()) {
      if (!value.IsNull()) others->set(key, flow_text(value, where));
    } else if (!is_section(fields, key) && (others == nullptr || !others->hold(key + "."))) {
      unknown_key(fields, key, where);
    } else if (value.IsMap()) {
      load_map(reading, value, key + ".");
    } else {
      check_usage(value.IsNull(), where, ": '", key, "' is a section; it must be a map of keys", tabs);
    }
  }
}

// Of a document that begins with a comma yaml-cpp 0.7 reads nothing, and does so again without end.
class Documents : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos == begins_) throw YAML::ParserException(mark, "nothing that YAML can begin with");
    begins_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}

 private:
  int begins_ = -1;
};

YAML::Node parse_yaml(const std::string& text, const std::string& source) {
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    for (Documents seen; parser.HandleNextDocument(seen);) {
    }
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    std::erase_if(documents, [](const YAML::Node& document) { return document.IsNull(); });
    check_usage(documents.size() <= 1, source, ": holds ", documents.size(),
                " YAML documents; it must hold one");
    return documents.empty() ? YAML::Node() : documents.front();
  } catch (const YAML::ParserException& error) {
    usage_error(place(source, error.mark), ": not valid YAML: ", error.msg, tab_hint(text));
  }
}

std::string read_config(const std::filesystem::path& path, const std::string& where) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  check_usage(file.is_open() && !file.bad() && std::filesystem::is_regular_file(path), where, path.string(),
              ": cannot read this config file");
  check_usage(!is_lfs_pointer(text.str()), where, path.string(),
              ": this is a Git LFS pointer, not the file itself (git lfs pull fetches it)");
  return text.str();
}

void load_document(const std::vector<Field>& fields, const YAML::Node& root, const std::string& source,
                   const std::string& text, OtherSections* others) {
  if (root.IsNull()) return;
  check_usage(root.IsMap(), source, ": the file must be a map of sections", tab_hint(text));
  Reading reading{fields, others, source, tab_hint(text)};
  load_map(reading, root, "");
}

// What stands in quotes as YAML reads them; any other text is itself, also one that only begins and ends so.
std::string unquoted(const std::string& text) {
  const char quote = text.size() > 1 && text.front() == text.back() ? text[0] : ' ';
  if (quote != '\'' && quote != '"') return text;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    const bool escape = quote == '"' ? text[i] == '\\' : text[i] == quote && text[i + 1] == quote;
    if (!escape && text[i] == quote) return text;
    if (escape && ++i + 1 == text.size()) return text;  // the last quote is not the end
  }
  try {
    return YAML::Load(text).Scalar();
  } catch (const YAML::Exception&) {
    return text;
  }
}

// Behind `=`: text is not YAML, whatever it looks like; a list may be in brackets or not.
YAML::Node given_node(const Field& field, const std::string& text, const std::string& source) {
  if (std::holds_alternative<std::string*>(field.target)) return YAML::Node(unquoted(text));
  const std::string value = trimmed(text);
  if (value.empty()) return YAML::Node();
  if (!value.starts_with('[')) return YAML::Node(unquoted(value));
  try {
    return YAML::Load(value);
  } catch (const YAML::Exception& error) {
    usage_error(source, ": not valid YAML: ", error.msg);
  }
}

/// `where` names the file that has this one as its base; `open` holds the files that led here.
void load_file(const std::vector<Field>& fields, const std::filesystem::path& path, const std::string& where,
               std::set<std::filesystem::path> open, OtherSections* others) {
  const std::string text = read_config(path, where);
  YAML::Node root = parse_yaml(text, path.string());
  check_usage(open.insert(std::filesystem::canonical(path)).second, where, path.string(), " is its own base");
  if (root.IsMap() && root["base"]) {
    const YAML::Node base = root["base"];
    const std::string here = place(path.string(), base.Mark()) + ": base: ";
    check_usage(base.IsScalar(), here, "must be the name of a config file");
    load_file(fields, path.parent_path() / expand_home(base.Scalar()), here, open, others);
    root.remove("base");
  }
  load_document(fields, root, path.string(), text, others);
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
  load_document(fields, parse_yaml(text, source), source, text, others);
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
  assign(*field, given_node(*field, text, source), source);
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
