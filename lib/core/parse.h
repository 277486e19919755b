// Numbers and yes or no, as people and programs write them in YAML, in JSON and on command lines.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace uvic {

/// Each is false for text that is no such value; `value` is then anything.

/// true, yes, on; false, no, off; as they stand, Capitalised or in CAPITALS.
bool parse_value(const std::string& text, bool& value);
/// 500000, +5, 1_000; and a whole number in another notation: 5e5, 4.0.
bool parse_value(const std::string& text, int64_t& value);
/// .5, 1e-4, 1_000.5, inf and .inf, nan and .nan.
bool parse_value(const std::string& text, double& value);

/// 11h30m, 45m, 90s, 1d2h, 11:30:00; above 0.
bool parse_duration(const std::string& text, std::chrono::seconds& value);

}  // namespace uvic
