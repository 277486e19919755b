#include "io/json_text.h"

#include <algorithm>

#include "core/errors.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

/// The reason in nlohmann's "[json...] parse error at ...: syntax error while parsing array - unexpected ']';
/// ...".
std::string reason_of(const std::string& what) {
  constexpr std::string_view kBefore = " - ";
  const size_t dash = what.find(kBefore);
  if (dash != std::string::npos) return what.substr(dash + kBefore.size());
  const size_t colon = what.rfind(": ");
  return colon == std::string::npos ? what : what.substr(colon + 2);
}

}  // namespace

void check_json_depth(std::string_view text, const std::string& name) {
  constexpr int kDeepest = 1000;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_string = !in_string;
    if (in_string) {
      i += text[i] == '\\' ? 1 : 0;
      continue;
    }
    depth += text[i] == '[' || text[i] == '{' ? 1 : text[i] == ']' || text[i] == '}' ? -1 : 0;
    check_usage(depth <= kDeepest, name, ": not valid JSON: a value is nested in more than ", kDeepest,
                " others");
  }
}

Json parse_json(const std::string& text, const std::string& name, int64_t first_line) {
  check_usage(!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF"), name,
              ": is UTF-16 text; save it as UTF-8");
  check_json_depth(text, name);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // `byte` counts from 1 and may lie one past the end.
    const size_t at = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
    const auto line = first_line + std::count(text.begin(), text.begin() + std::ptrdiff_t(at), '\n');
    const size_t newline = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const size_t column = newline == std::string::npos ? at + 1 : at - newline;
    usage_error(name, ": not valid JSON, line ", line, ", column ", column, ": ", reason_of(error.what()));
  } catch (const Json::exception& error) {  // a number that no double holds
    usage_error(name, ": not valid JSON: ", reason_of(error.what()));
  }
}

std::string json_kind(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return "the number " + value.dump();
  if (value.is_string()) return "the text " + value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const bool numbers = std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_number(); });
  const std::string of = value.empty() ? "" : numbers ? " numbers" : " values";
  const char* what = value.is_array() ? "a list" : "an object";
  return value.empty() ? std::string("an empty ") + (value.is_array() ? "list" : "object")
                       : c10::str(what, " of ", value.size(), of);
}

}  // namespace uvic
