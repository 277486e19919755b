// Base64 (RFC 4648), as data URLs hold it.
#pragma once
#include <string>
#include <string_view>

namespace uvic {

std::string base64(std::string_view bytes);

}  // namespace uvic
