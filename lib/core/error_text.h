// What an exception says to people.
#pragma once
#include <c10/util/Exception.h>

#include <string>

namespace uvic {

/// Its text; of LibTorch's own without the stack, which is of use to nobody who sees a line.
inline std::string error_text(const std::exception& error) {
  const auto* own = dynamic_cast<const c10::Error*>(&error);
  return own != nullptr ? own->what_without_backtrace() : error.what();
}

}  // namespace uvic
