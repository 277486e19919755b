#include "core/parse.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <regex>

#include "core/digit.h"
#include "core/text.h"

namespace uvic {
namespace {

// Without a plus sign in front and underscores between digits.
std::string plain_digits(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool plus = i == 0 && text[i] == '+' && text.size() > 1 && text[1] != '-';
    const bool underscore =
        text[i] == '_' && i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (!plus && !underscore) plain += text[i];
  }
  return plain;
}

template <class Number>
bool parse_all(const std::string& text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool parse_value(const std::string& text, bool& value) {
  constexpr std::array kTrue = {"true", "yes", "on"}, kFalse = {"false", "no", "off"};
  const std::string lower = lower_case(text);
  std::string capitalised = lower, capitals = lower;
  if (!lower.empty()) capitalised[0] = char(std::toupper(static_cast<unsigned char>(lower[0])));
  for (char& c : capitals) c = char(std::toupper(static_cast<unsigned char>(c)));
  if (text != lower && text != capitalised && text != capitals) return false;
  value = std::find(kTrue.begin(), kTrue.end(), lower) != kTrue.end();
  return value || std::find(kFalse.begin(), kFalse.end(), lower) != kFalse.end();
}

bool parse_value(const std::string& text, int64_t& value) {
  const std::string digits = plain_digits(text);
  if (parse_all(digits, value)) return true;
  constexpr double kExact = 9007199254740992.0;  // 2^53: up to here a double is the number that was written
  double number = 0;
  if (!parse_all(digits, number) || !(std::abs(number) <= kExact) || number != std::floor(number))
    return false;
  value = int64_t(number);
  return true;
}

bool parse_value(const std::string& text, double& value) {
  const size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::string rest = text.substr(sign);
  const bool word = rest == ".inf" || rest == ".Inf" || rest == ".INF" ||
                    (sign == 0 && (rest == ".nan" || rest == ".NaN" || rest == ".NAN"));
  return parse_all(
      word ? text.substr(0, sign == 1 && text[0] == '-' ? 1 : 0) + rest.substr(1) : plain_digits(text),
      value);
}

bool parse_duration(const std::string& text, std::chrono::seconds& value) {
  static const std::regex units("(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?"),
      clock("(?:([0-9]+)-)?([0-9]+):([0-9]{2}):([0-9]{2})");
  std::smatch match;
  if (!std::regex_match(text, match, clock) && !std::regex_match(text, match, units)) return false;
  const auto number = [&](int group) {
    const std::string digits = match[size_t(group)];
    return digits.empty() || digits.size() > 9 ? 0 : std::stoll(digits);
  };
  value = std::chrono::seconds(((number(1) * 24 + number(2)) * 60 + number(3)) * 60 + number(4));
  return value.count() > 0;
}

}  // namespace uvic
