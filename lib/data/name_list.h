#pragma once
#include <string>
#include <vector>

#include "core/text.h"

namespace uvic {

/// "a, b, c", or "a ... z" where a line has no room for all of them; of at least one name.
inline std::string list_or_ends(const std::vector<std::string>& names) {
  constexpr size_t kMost = 10;
  return names.size() <= kMost ? join(names, ", ") : names.front() + " ... " + names.back();
}

}  // namespace uvic
