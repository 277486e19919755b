#include "text/utf8.h"

#include <c10/util/StringUtil.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace uvic {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// -1 where there is none.
utf8proc_int32_t character_at(std::string_view text, size_t begin) {
  utf8proc_int32_t character = -1;
  if (begin < text.size())
    utf8proc_iterate(bytes_of(text) + begin, utf8proc_ssize_t(text.size() - begin), &character);
  return character;
}

bool is_white_space(utf8proc_int32_t character) {
  if (character < 0x80) return character == ' ' || (character >= '\t' && character <= '\r');
  const auto category = utf8proc_category(character);
  return character == 0x85 || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

}  // namespace

std::optional<size_t> first_invalid_utf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight = kHighBits;
    if (at + sizeof eight <= text.size()) std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & kHighBits) == 0) {
      at += sizeof eight;
      continue;
    }
    utf8proc_int32_t ignored = 0;
    const auto length = utf8proc_iterate(bytes_of(text) + at, utf8proc_ssize_t(text.size() - at), &ignored);
    if (length <= 0) return at;
    at += size_t(length);
  }
  return std::nullopt;
}

size_t cut_short_at_end(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (continues(char(byte))) continue;
    const size_t length = byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

bool white_space_before(std::string_view text, size_t end) {
  if (end == 0) return false;
  size_t begin = end - 1;
  while (begin > 0 && continues(text[begin])) --begin;
  return is_white_space(character_at(text.substr(0, end), begin));
}

size_t last_white_space_behind_word(std::string_view text) {
  for (size_t at = text.size(); at-- > 1;) {
    const bool blank = text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r');
    if (blank && !white_space_before(text, at)) return at;
  }
  return 0;
}

bool word_at(std::string_view text, size_t begin) {
  const utf8proc_int32_t character = character_at(text, begin);
  return character >= 0 && !is_white_space(character) && utf8proc_category(character) != UTF8PROC_CATEGORY_CC;
}

std::string utf8_problem(std::string_view text, size_t invalid, size_t at, size_t line) {
  char byte[8];
  std::snprintf(byte, sizeof byte, "0x%02X",
                static_cast<unsigned>(static_cast<unsigned char>(text[invalid])));
  const auto newlines = std::count(text.begin(), text.begin() + std::ptrdiff_t(invalid), '\n');
  return c10::str("byte ", byte, " at offset ", at + invalid, ", line ", line + size_t(newlines) + 1);
}

}  // namespace uvic
