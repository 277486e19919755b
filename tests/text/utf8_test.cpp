#include "text/utf8.h"

#include <gtest/gtest.h>

#include "support/text_files.h"

namespace uvic {
namespace {

using std::string_literals::operator""s;
using testing::utf8;

TEST(Utf8, EveryCharacterIsValid) {
  std::string text;
  for (uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code < 0xD800 || code > 0xDFFF) text += utf8(code);
  }
  EXPECT_EQ(first_invalid_utf8(text), std::nullopt);
}

TEST(Utf8, WhatIsInvalidIsFoundWhereItLies) {
  const std::vector<std::string> invalid = {
      "\x80"s,         "\xBF"s,         "\xC0\x80"s,         "\xC1\xBF"s,
      "\xC3"s,         "\xC3("s,        "\xE0\x80\x80"s,     "\xE2\x82"s,
      "\xE2\x82("s,    "\xED\xA0\x80"s, "\xED\xBF\xBF"s,     "\xF0\x80\x80\x80"s,
      "\xF0\x9F\x98"s, "\xF0\x9F\x98x", "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s,
      "\xFE"s,         "\xFF\xFE"s};
  for (const std::string& bytes : invalid) {
    for (size_t before = 0; before < 20; ++before) {
      SCOPED_TRACE(before);
      EXPECT_EQ(first_invalid_utf8(std::string(before, 'a') + bytes), before);
      EXPECT_EQ(first_invalid_utf8(std::string(before, 'a') + "\u00E9" + bytes + "tail of more than eight"),
                before + 2);
    }
  }
}

TEST(Utf8, CharactersThatAreCutShort) {
  for (const uint32_t code : {0x41U, 0xE9U, 0x20ACU, 0x1F600U}) {
    const std::string whole = utf8(code);
    EXPECT_EQ(cut_short_at_end(whole), 0u);
    for (size_t part = 1; part < whole.size(); ++part) {
      EXPECT_EQ(cut_short_at_end("ab" + whole.substr(0, part)), part);
      EXPECT_EQ(cut_short_at_end(whole.substr(0, part)), part);
    }
  }
  EXPECT_EQ(cut_short_at_end(""), 0u);
  EXPECT_EQ(cut_short_at_end("\x80\x80\x80\x80"), 0u);
  EXPECT_EQ(cut_short_at_end("a\xFF"), 0u);
  EXPECT_EQ(cut_short_at_end("a\xC0"), 0u);
}

TEST(Utf8, WhiteSpaceIsUnicodes) {
  const std::vector<uint32_t> spaces = {9,      10,     11,     12,     13,     32,     0x85,
                                        0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                        0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028,
                                        0x2029, 0x202F, 0x205F, 0x3000};  // White_Space
  for (uint32_t code = 0; code < 0x11000; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    const std::string text = "a" + utf8(code);
    const bool is_space = std::find(spaces.begin(), spaces.end(), code) != spaces.end();
    EXPECT_EQ(white_space_before(text, text.size()), is_space) << std::hex << code;
  }
  EXPECT_FALSE(white_space_before(" ", 0));
}

TEST(Utf8, WordsBeginWithNeitherWhiteSpaceNorControl) {
  for (const char* text : {"a", "\u4F60", "\u0301", "-", "\U0001F600"}) EXPECT_TRUE(word_at(text, 0)) << text;
  for (const char* text : {"", " ", "\n", "\x7F", "\u3000", "\u0085", "\xE4\xBD"})
    EXPECT_FALSE(word_at(text, 0)) << text;
  EXPECT_TRUE(word_at("\nb", 1));
  EXPECT_FALSE(word_at("b", 1));
}

TEST(Utf8, ProblemsAreNamed) {
  EXPECT_EQ(utf8_problem("one\ntwo\n\xE9 three", 8), "byte 0xE9 at offset 8, line 3");
  EXPECT_EQ(utf8_problem("\xFF", 0, 1000, 20), "byte 0xFF at offset 1000, line 21");
}

}  // namespace
}  // namespace uvic
