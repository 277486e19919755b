#include "text/text_list.h"

#include <algorithm>
#include <string_view>

#include "core/errors.h"
#include "io/json_text.h"
#include "io/output_path.h"
#include "io/read_file.h"
#include "text/utf8.h"

namespace uvic {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF", kBlanks = " \t\r\n";

bool begins_as_list(std::string_view text) {
  const size_t bracket = text.find_first_not_of(kBlanks);
  if (bracket == std::string_view::npos || text[bracket] != '[') return false;
  const size_t first = text.find_first_not_of(kBlanks, bracket + 1);
  return first != std::string_view::npos && text[first] == '"';
}

std::vector<std::string> texts_of_json(const std::string& text, const std::string& name) {
  const auto json = parse_json(text, name);
  check_usage(json.is_array(), name, ": must be a list of texts, is ", json_kind(json));
  std::vector<std::string> texts;
  for (const auto& item : json) {
    check_usage(item.is_string(), name, ": its text ", texts.size() + 1, " is ", json_kind(item));
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::vector<std::string> texts_of_lines(std::string_view text, const std::string& name) {
  if (const auto invalid = first_invalid_utf8(text))
    usage_error(name, ": is not UTF-8: ", utf8_problem(text, *invalid));
  std::vector<std::string> texts;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    texts.emplace_back(line);
  }
  return texts;
}

}  // namespace

std::vector<std::string> read_text_list(const std::filesystem::path& path, const std::string& name) {
  std::string text = read_text(path);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  const bool json = extension_of(path) == ".json" || begins_as_list(text);
  auto texts = json ? texts_of_json(text, name) : texts_of_lines(text, name);
  check_usage(!texts.empty(), name, ": there is no text in it");
  return texts;
}

}  // namespace uvic
