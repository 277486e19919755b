// Small vocabularies and tricky texts for tests of tokenizers.
#pragma once
#include <random>
#include <string>
#include <vector>

#include "support/support.h"

namespace uvic::testing {

inline std::string utf8(uint32_t code) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 63))};
  if (code < 0x10000)
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))};
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 63)), byte(0x80 | (code >> 6 & 63)),
          byte(0x80 | (code & 63))};
}

/// GPT-2's order of the single bytes: the printable ones, then the others as U+0100, U+0101, ...
inline std::vector<std::string> byte_level_alphabet() {
  std::vector<std::string> tokens;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    if ((byte > 32 && byte < 127) || (byte > 160 && byte != 173)) tokens.push_back(utf8(byte));
  }
  for (uint32_t other = 0x100; tokens.size() < 256; ++other) tokens.push_back(utf8(other));
  return tokens;
}

/// "\u0120" is the blank's symbol, "\u010A" the newline's.
inline const std::vector<std::string>& small_merges() {
  static const std::vector<std::string> merges = {
      "Ġ t",  "h e",   "Ġ a",   "i n", "r e",  "Ġt he", "n d",   "o n",    "Ġ s",  "e r",  "a t",
      "i s",  "Ġa nd", "' s",   "l l", "Ġ Ġ",  "Ċ Ċ",   "ĠĠ ĠĠ", "1 2",    "12 3", "Ġ 1",  "Ġ1 2",
      "o r",  "in g",  "ou t",  "o u", "Ã ©",  "c a",   "f Ã©",  "ca fÃ©", "ð Ł",  "ðŁ ĺ", "ä ½",
      "ä½ ł", "! !",   "!! !!", "a a", "aa a", "x y",   "' t",   "Ġ '"};
  return merges;
}

/// vocab.json and merges.txt of a byte-level vocabulary: the bytes, what `merges` make, <|endoftext|> last.
inline void write_bpe(const std::filesystem::path& folder, std::vector<std::string> merges = small_merges()) {
  const auto made_of = [](const std::string& rule) {
    const size_t blank = rule.find(' ');
    return rule.substr(0, blank) + rule.substr(blank + 1);
  };
  std::vector<std::string> tokens = byte_level_alphabet();
  for (const std::string& rule : merges) tokens.push_back(made_of(rule));
  tokens.emplace_back("<|endoftext|>");
  std::string json = "{", rules = "#version: 0.2\n";
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& token = tokens[i];
    const std::string escaped = token == "\"" || token == "\\" ? "\\" + token : token;
    json += (i == 0 ? "\"" : ", \"") + escaped + "\": " + std::to_string(i);
  }
  for (const std::string& rule : merges) rules += rule + "\n";
  std::filesystem::create_directories(folder);
  write_bytes(folder / "vocab.json", json + "}");
  write_bytes(folder / "merges.txt", rules);
}

/// Texts on which tokenizers differ: white space, contractions, numbers, scripts, marks, faces.
inline const std::vector<std::string>& tricky_texts() {
  static const std::vector<std::string> texts = {
      "",
      " ",
      "the",
      " the and the   and\tthe",
      "a  b   c    d\n\n\ne \n f",
      "trailing   ",
      "   leading",
      "\n\n \n\t\n",
      "it's we're I've I'm they'll he'd don't IT'S ''s '' s",
      "123 12345 1 23x4 ١٢٣ Ⅻ ½ 3.14",
      "café cafe\u0301 naïve Ωμέγα",
      "你好，世界。こんにちは 안녕하세요",
      "👩‍👩‍👧‍👦 😀😀 🇩🇪 👍🏽!",
      "non\u00A0breaking\u2003em\u3000wide\u0085next\u180Evowel \u200Bzero",
      "foo(bar){return 0;}//!!!! ---- ''' \"quoted\"",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "<|endoftext|> </s> <s> text",
      "\r\nwindows\r\nlines\r\n",
      "e\u0301\u0301\u0327 \u0301 n\u0303o",
      std::string("nul\0nul \x7f\x1b", 10),
  };
  return texts;
}

/// Up to `most` characters from all over Unicode, with many blanks and letters among them.
inline std::string random_text(std::mt19937& random, size_t most) {
  static const std::vector<std::pair<uint32_t, uint32_t>> ranges = {
      {' ', ' '},       {'a', 'e'},       {'a', 'z'},       {' ', '~'},         {'\t', '\r'},
      {'0', '9'},       {'\'', '\''},     {0xA0, 0x24F},    {0x300, 0x36F},     {0x370, 0x5FF},
      {0x900, 0x97F},   {0x1680, 0x1680}, {0x2000, 0x206F}, {0x3000, 0x30FF},   {0x4E00, 0x4FFF},
      {0xAC00, 0xAFFF}, {0xE000, 0xE0FF}, {0xFE00, 0xFFFF}, {0x1F300, 0x1F6FF}, {0x10FFF0, 0x10FFFF}};
  std::string text;
  for (size_t left = random() % (most + 1); left > 0; --left) {
    const auto [first, last] = ranges[random() % ranges.size()];
    text += utf8(first + random() % (last - first + 1));
  }
  return text;
}

}  // namespace uvic::testing
