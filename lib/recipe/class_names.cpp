#include "recipe/class_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "io/unicode.h"

namespace uvic {

std::string class_names_to_json(const ClassNames& names) {
  return nlohmann::json(names).dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

ClassNames class_names_of(const std::map<std::string, std::string>& metadata, const std::string& source) {
  const auto found = metadata.find(kClassNamesKey);
  if (found == metadata.end()) return {};
  try {
    return nlohmann::json::parse(found->second).get<ClassNames>();
  } catch (const nlohmann::json::exception&) {
    usage_error(source, ": ", kClassNamesKey, " is not a JSON list of names: ", found->second);
  }
}

std::string describe_classes(const ClassNames& names) {
  constexpr size_t kColumns = 100;
  std::string text = "classes:";
  size_t column = text.size();
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string item = c10::str(" ", i, " ", names[i], i + 1 < names.size() ? "," : "");
    if (column + item.size() > kColumns) {
      text += "\n ";
      column = 1;
    }
    text += item;
    column += item.size();
  }
  return text;
}

std::optional<int64_t> find_class(const ClassNames& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), normalised(name));
  return found == names.end() ? std::nullopt : std::optional(int64_t(found - names.begin()));
}

}  // namespace uvic
