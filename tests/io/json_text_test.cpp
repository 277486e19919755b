#include "io/json_text.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/unicode.h"
#include "support/support.h"

namespace uvic {
namespace {

TEST(JsonText, ReadsWhatIsJson) {
  EXPECT_EQ(parse_json("{\"b\": 1, \"a\": [2]}", "x").dump(), "{\"b\":1,\"a\":[2]}");  // in order
  EXPECT_EQ(parse_json("\xEF\xBB\xBF[1]", "x").size(), 1U);
}

TEST(JsonText, SaysWhereItIsNot) {
  const auto refuse = [](const std::string& text, const std::string& message) {
    EXPECT_THROW_WITH(parse_json(text, "f.json"), UsageError, "f.json: " + message);
  };
  refuse("{\n \"labels\": [\n  [\"a\", 0],\n ]\n}", "not valid JSON, line 4, column 2: unexpected ']'");
  refuse("[1, x]", "not valid JSON, line 1, column 5: invalid literal");
  refuse("", "not valid JSON, line 1, column 1: unexpected end of input");
  refuse("[1,\n2\n", "not valid JSON, line 3, column 1: unexpected end of input");
  refuse("[1] [2]", "not valid JSON, line 1, column 5: unexpected '['");
  refuse(std::string("\xFF\xFE[\0", 4), "is UTF-16 text");
}

TEST(JsonText, NamesKinds) {
  for (const auto& [text, kind] :
       {std::pair("[1, 0.5]", "a list of 2 numbers"), std::pair("[1, \"a\"]", "a list of 2 values"),
        std::pair("{\"a\": 1}", "an object of 1 numbers"), std::pair("[]", "an empty list"),
        std::pair("null", "null"), std::pair("-3", "the number -3"), std::pair("\"cat\"", "the text \"cat\""),
        std::pair("true", "true")}) {
    EXPECT_EQ(json_kind(parse_json(text, "x")), kind);
  }
}

TEST(Unicode, ComposesAccentsAndLeavesTheRest) {
  EXPECT_EQ(normalised("e\xCC\x81t\xC3\xA9"), "\xC3\xA9t\xC3\xA9");
  EXPECT_EQ(normalised("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"),
            "\xED\x95\x9C");  // Hangul, as macOS writes it
  EXPECT_EQ(normalised("plain.png"), "plain.png");
  EXPECT_EQ(normalised("\xFF\xFE.png"), "\xFF\xFE.png");  // no UTF-8
}

}  // namespace
}  // namespace uvic
