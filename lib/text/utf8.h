// Where the characters of UTF-8 text begin and end.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace uvic {

/// Where the first bytes lie that are no character of UTF-8 (also surrogates, overlong forms, characters past
/// U+10FFFF, and one that the end of the text cuts short).
std::optional<size_t> first_invalid_utf8(std::string_view text);

/// How many of the last bytes begin a character whose rest is missing: 0 to 3.
size_t cut_short_at_end(std::string_view text);

/// Whether a character of Unicode's White_Space, of valid UTF-8 text, ends at byte `end` (exclusive).
bool white_space_before(std::string_view text, size_t end);

/// Where the last ASCII white space begins that stands behind something else; 0: nowhere.
size_t last_white_space_behind_word(std::string_view text);

/// Whether a whole character begins at byte `begin` that is neither white space nor a control character.
bool word_at(std::string_view text, size_t begin);

/// Where text that came in pieces, of which `at` bytes and `line` whole lines were before `text`, is not
/// UTF-8: "byte 0xE9 at offset 12, line 3". Offsets count from 0, lines from 1.
std::string utf8_problem(std::string_view text, size_t invalid, size_t at = 0, size_t line = 0);

}  // namespace uvic
