#pragma once
#include <string>
#include <string_view>

namespace uvic {

/// What gzip made `bytes` of, by libdeflate. UsageError, `name` (a file) first, for anything else and for a
/// damaged one; for more than a member, and for more than a gibibyte.
std::string gunzipped(std::string_view bytes, const std::string& name);

}  // namespace uvic
