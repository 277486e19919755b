#include "core/natural_order.h"

#include <compare>
#include <string_view>

#include "core/digit.h"

namespace uvic {
namespace {

/// Takes the run of digits off the front of `text`; without its leading zeros.
std::string_view take_number(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

}  // namespace

bool natural_less(const std::string& a, const std::string& b) {
  std::string_view left = a, right = b;
  while (!left.empty() && !right.empty()) {
    std::strong_ordering order = std::strong_ordering::equal;
    if (is_digit(left[0]) && is_digit(right[0])) {
      const std::string_view m = take_number(left), n = take_number(right);
      order = m.size() != n.size() ? m.size() <=> n.size() : m.compare(n) <=> 0;
    } else {
      order = static_cast<unsigned char>(left[0]) <=> static_cast<unsigned char>(right[0]);
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
    if (order != std::strong_ordering::equal) return order == std::strong_ordering::less;
  }
  return left.empty() && right.empty() ? a < b : left.empty();
}

}  // namespace uvic
