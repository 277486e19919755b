#include "io/unicode.h"

#include <c10/util/Exception.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace uvic {

std::string normalised(const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (ascii) return text;
  utf8proc_uint8_t* mapped = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), utf8proc_ssize_t(text.size()),
                   &mapped, utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (length < 0) return text;
  return {reinterpret_cast<const char*>(mapped), size_t(length)};
}

std::string lower_cased(std::string_view text) {
  constexpr utf8proc_int32_t kDottedI = 0x130;  // the one whose small form is more than one character
  std::string lower;
  lower.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t character = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                         utf8proc_ssize_t(text.size() - at), &character);
    TORCH_CHECK(length > 0, "lower_cased: byte ", at, " is not UTF-8");
    at += size_t(length);
    std::array<utf8proc_uint8_t, 4> bytes{};
    const bool dotted = character == kDottedI;
    const auto written = utf8proc_encode_char(dotted ? 'i' : utf8proc_tolower(character), bytes.data());
    lower.append(reinterpret_cast<const char*>(bytes.data()), size_t(written));
    if (dotted) lower += "\u0307";
  }
  return lower;
}

std::string plain_letters(const std::string& text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                      UTF8PROC_STRIPMARK | UTF8PROC_STABLE);
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  std::string plain;
  for (const char c : length < 0 ? text : std::string(reinterpret_cast<char*>(mapped), size_t(length))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xC0) continue;  // the rest of a character
    plain += byte >= ' ' && byte < 0x7F ? c : (byte < ' ' ? ' ' : '?');
  }
  return plain;
}

}  // namespace uvic
