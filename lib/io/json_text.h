// JSON that a user has written or brought.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace uvic {

/// UsageError, `name` first, for JSON of lists in lists beyond reason: nlohmann's copies and texts of a value
/// call themselves for each, as deep as the stack allows.
void check_json_depth(std::string_view text, const std::string& name);

/// `text`, all of it, as JSON; objects keep their order. UsageError: "NAME: not valid JSON, line 6, column 3:
/// unexpected ']' ...". `first_line`: which line of NAME the text begins with.
nlohmann::ordered_json parse_json(const std::string& text, const std::string& name, int64_t first_line = 1);

/// "a list of 3 numbers", "an object", "null": what a value is, for messages.
std::string json_kind(const nlohmann::ordered_json& value);

}  // namespace uvic
