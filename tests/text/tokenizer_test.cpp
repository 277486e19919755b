#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/text_files.h"
#include "text/utf8.h"

namespace uvic {
namespace {

using testing::TemporaryDirectory;
using testing::write_bytes;

TEST(OpenTokenizer, SaysWhatIsWrong) {
  const TemporaryDirectory directory;
  EXPECT_THROW_WITH(open_tokenizer("byte"), UsageError,
                    "tokenizer 'byte': neither bytes nor a file or folder that is there");
  EXPECT_THROW_WITH(open_tokenizer(directory.path().string()), UsageError, "no tokenizer here");
  write_bytes(directory / "tokenizer.json", "{}");
  EXPECT_THROW_WITH(open_tokenizer(directory.path().string()), UsageError, "(tokenizer.json is not read)");
  EXPECT_THROW_WITH(open_tokenizer((directory / "tokenizer.json").string()), UsageError,
                    "give the folder of vocab.json and merges.txt");
  write_bytes(directory / "words.txt", "a\nb\n");
  EXPECT_THROW_WITH(open_tokenizer((directory / "words.txt").string()), UsageError,
                    "words.txt: not vocab.json or merges.txt");
}

/// What a stream gives token by token.
std::vector<std::string> pieces(const Tokenizer& tokenizer, const std::vector<int64_t>& tokens) {
  TextStream stream(tokenizer);
  std::vector<std::string> given;
  for (const int64_t token : tokens) given.push_back(stream.add(token));
  given.push_back(stream.finish());
  return given;
}

TEST(TextStream, CharactersComeWholeAndInTime) {
  const auto bytes = open_tokenizer("bytes");
  const auto given = pieces(*bytes, bytes->encode("a\u00E9\u20AC\U0001F600b"));
  EXPECT_EQ(given, (std::vector<std::string>{"a", "", "\u00E9", "", "", "\u20AC", "", "", "", "\U0001F600",
                                             "b", ""}));
}

TEST(TextStream, BytesOfNoCharacterComeAsTheyAre) {
  const auto bytes = open_tokenizer("bytes");
  using std::string_literals::operator""s;
  EXPECT_EQ(pieces(*bytes, bytes->encode("\xFF\x80")), (std::vector<std::string>{"\xFF", "\x80", ""}));
  EXPECT_EQ(pieces(*bytes, bytes->encode("\xC3(")), (std::vector<std::string>{"", "\xC3(", ""}));
  EXPECT_EQ(pieces(*bytes, bytes->encode("\xF0\x9F")), (std::vector<std::string>{"", "", "\xF0\x9F"}));
}

TEST(TextStream, GivesWhatDecodeGivesInCharacters) {
  const TemporaryDirectory directory;
  testing::write_bpe(directory / "gpt2");
  for (const std::string& spec : {std::string("bytes"), (directory / "gpt2").string()}) {
    const auto tokenizer = open_tokenizer(spec);
    std::mt19937 random(6);
    for (int round = 0; round < 100; ++round) {
      const std::string text = testing::random_text(random, 50);
      std::string all;
      for (const std::string& piece : pieces(*tokenizer, tokenizer->encode(text))) {
        ASSERT_EQ(first_invalid_utf8(piece), std::nullopt);
        all += piece;
      }
      ASSERT_EQ(all, text);
    }
    for (int round = 0; round < 100; ++round) {  // of any tokens, as an untrained network draws them
      std::vector<int64_t> tokens(20);
      for (int64_t& token : tokens) token = int64_t(random() % uint64_t(tokenizer->vocab_size()));
      std::string all;
      for (const std::string& piece : pieces(*tokenizer, tokens)) all += piece;
      ASSERT_EQ(all, tokenizer->decode(tokens));
    }
  }
}

}  // namespace
}  // namespace uvic
