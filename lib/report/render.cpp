#include "report/render.h"

#include <c10/util/Exception.h>

#include <kainjow/mustache.hpp>

namespace uvic {
namespace {

using kainjow::mustache::data;

data data_of(const nlohmann::ordered_json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object()) {
    data object = data::type::object;
    for (const auto& [key, value] : json.items()) object.set(key, data_of(value));
    return object;
  }
  if (!json.is_array()) return json.dump();
  data list = data::type::list;
  for (const auto& value : json) list.push_back(data_of(value));
  return list;
}

}  // namespace

std::string render_html(const std::string& page, const nlohmann::ordered_json& view) {
  kainjow::mustache::mustache filled(page);
  TORCH_CHECK(filled.is_valid(), filled.error_message());
  return filled.render(data_of(view));
}

std::string script_json(const nlohmann::ordered_json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
    text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return text;
}

}  // namespace uvic
