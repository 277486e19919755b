#include "text/byte_symbols.h"

#include <algorithm>

namespace uvic {
namespace {

bool stands_for_itself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

/// In UTF-8; below U+0800.
std::string character(int code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

}  // namespace

const std::array<std::string, 256>& byte_symbols() {
  static const auto symbols = [] {
    std::array<std::string, 256> table;
    int others = 0;
    for (int byte = 0; byte < 256; ++byte)
      table[size_t(byte)] = character(stands_for_itself(byte) ? byte : 0x100 + others++);
    return table;
  }();
  return symbols;
}

std::optional<std::string> bytes_of_symbols(std::string_view token) {
  const auto& symbols = byte_symbols();
  std::string bytes;
  while (!token.empty()) {
    const auto found = std::find_if(symbols.begin(), symbols.end(),
                                    [&](const std::string& symbol) { return token.starts_with(symbol); });
    if (found == symbols.end()) return std::nullopt;
    bytes += static_cast<char>(found - symbols.begin());
    token.remove_prefix(found->size());
  }
  return bytes;
}

}  // namespace uvic
