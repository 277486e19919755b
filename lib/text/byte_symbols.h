// Bytes as characters that can be seen: how byte-level BPE writes its vocabulary (GPT-2's encoder.py,
// bytes_to_unicode; CLIP's is the same). Printable characters of Latin-1 stand for themselves; the other 68
// bytes, in order, are U+0100, U+0101, ...: a blank is U+0120.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace uvic {

/// The symbol of each byte, in UTF-8.
const std::array<std::string, 256>& byte_symbols();

/// The bytes that a token is written for; nullopt where some character of it is no byte's symbol.
std::optional<std::string> bytes_of_symbols(std::string_view token);

}  // namespace uvic
