#include "core/choice.h"

#include <algorithm>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {

bool NamedValue::set(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return false;
  index_ = size_t(found - names_.begin());
  return true;
}

NamedValue::NamedValue(std::span<const char* const> names, const std::string& name) : names_(names) {
  if (set(name)) return;
  usage_error(unknown_value(name, this->names()), "; it must be one of ", join(this->names(), ", "));
}

}  // namespace uvic
