#include "core/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
// clang before 17 does not deduce it by itself.
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string to_text(bool value) {
  return value ? "true" : "false";
}
std::string to_text(int64_t value) {
  return std::to_string(value);
}
std::string to_text(double value) {
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}
std::string to_text(const std::string& value) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_./+-=~ ").find(c) != std::string::npos;
  };
  const bool null = value == "null" || value == "Null" || value == "NULL";
  const bool negative =
      value.size() > 1 && value[0] == '-' && std::isdigit(static_cast<unsigned char>(value[1])) != 0;
  if (!value.empty() && !null && std::all_of(value.begin(), value.end(), plain) && value.back() != ' ' &&
      (negative || std::string_view("+-=~ ").find(value.front()) == std::string::npos)) {
    return value;
  }
  std::string quoted = "\"";
  for (const char c : value) {
    char escape[8];
    if (c == '"' || c == '\\') quoted += '\\';
    if (c >= 0 && c < ' ') {
      std::snprintf(escape, sizeof escape, "\\x%02x", c);
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}
std::string to_text(const NamedValue& value) {
  return value.name();
}
template <class T>
std::string to_text(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(to_text(value));
  return "[" + join(texts, ", ") + "]";
}

std::string check(const Allowed& allowed, double value) {
  if (std::isnan(value) || value < allowed.min || value > allowed.max ||
      (allowed.open_min && value <= allowed.min)) {
    return to_text(value) + " is out of range";
  }
  return "";
}
std::string check(const Allowed&, bool) {
  return "";
}
std::string check(const Allowed&, const NamedValue&) {
  return "";
}
std::string check(const Allowed& allowed, int64_t value) {
  return check(allowed, double(value));
}
std::string check(const Allowed& allowed, const std::string& value) {
  const auto& choices = allowed.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
  return unknown_value(value, choices);
}
template <class T>
std::string check(const Allowed& allowed, const std::vector<T>& values) {
  for (const T& value : values) {
    if (const std::string problem = check(allowed, value); !problem.empty()) return problem;
  }
  return "";
}

// 100000, not to_chars' shorter 1e+05.
std::string limit_text(double limit) {
  const bool whole = limit == std::floor(limit) && std::abs(limit) < 1e15;
  return whole ? to_text(int64_t(limit)) : to_text(limit);
}

std::string range_text(const Allowed& allowed) {
  const bool low = std::isfinite(allowed.min), high = std::isfinite(allowed.max);
  if (low && high) return " from " + limit_text(allowed.min) + " to " + limit_text(allowed.max);
  if (low) return (allowed.open_min ? " above " : " of at least ") + limit_text(allowed.min);
  if (high) return " of at most " + limit_text(allowed.max);
  return "";
}

}  // namespace

Allowed at_least(double min) {
  return {.min = min};
}
Allowed above(double min) {
  return {.min = min, .open_min = true};
}
Allowed between(double min, double max) {
  return {.min = min, .max = max};
}
Allowed one_of(std::vector<std::string> choices) {
  return {.choices = std::move(choices)};
}

std::string value_text(const FieldView& field) {
  return std::visit([](const auto* value) { return to_text(*value); }, field.value);
}

std::string value_text(double value) {
  return to_text(value);
}

std::string value_text(const std::string& value) {
  return to_text(value);
}

std::string allowed_text(const FieldView& field) {
  if (!field.allowed.choices.empty()) return "one of " + join(field.allowed.choices, ", ");
  const std::string range = range_text(field.allowed);
  return std::visit(
      Overloaded{[](const bool*) -> std::string { return "true or false"; },
                 [&](const int64_t*) { return "a whole number" + range; },
                 [&](const double*) { return "a number" + range; },
                 [](const std::string*) -> std::string { return "text"; },
                 [](const NamedValue*) -> std::string { return "a name"; },
                 [&](const std::vector<int64_t>*) { return "a list of whole numbers" + range; },
                 [&](const std::vector<double>*) { return "a list of numbers" + range; },
                 [](const std::vector<std::string>*) -> std::string { return "a list of names"; }},
      field.value);
}

std::string problem_with(const FieldView& field) {
  return std::visit([&](const auto* value) { return check(field.allowed, *value); }, field.value);
}

void refuse_unread(const FieldView& field, const std::string& section) {
  usage_error(section, ".", field.key, ": only ", field.readers.whom, " read it; leave it at its default");
}

}  // namespace uvic
