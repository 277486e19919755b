// Templates of HTML (mustache) filled with JSON.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace uvic {

/// `{{key}}` is the text of a key, escaped for HTML; `{{{key}}}` as it is; `{{#key}}...{{/key}}` once for
/// each element of a list, or if it is true.
std::string render_html(const std::string& page, const nlohmann::ordered_json& view);

/// For a script element: nothing in it ends that, and bytes that are no UTF-8 are replaced.
std::string script_json(const nlohmann::ordered_json& json);

}  // namespace uvic
