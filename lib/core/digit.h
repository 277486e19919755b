#pragma once

namespace uvic {

/// 0 to 9, in any locale.
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace uvic
