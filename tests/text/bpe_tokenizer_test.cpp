#include "text/bpe_tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/errors.h"
#include "support/process.h"
#include "support/text_files.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::tricky_texts;
using testing::write_bpe;
using testing::write_bytes;
using Tokens = std::vector<int64_t>;

const std::filesystem::path kReference = std::filesystem::path(UVIC_SOURCE) / "tests/text/reference_bpe.py";

/// A small vocabulary and its tokenizer.
struct SmallBpe {
  SmallBpe() {
    write_bpe(directory / "gpt2");
    tokenizer = open_bpe(directory / "gpt2/vocab.json");
  }
  TemporaryDirectory directory;
  std::unique_ptr<Tokenizer> tokenizer;
};

std::vector<std::string> many_texts() {
  std::vector<std::string> texts = tricky_texts();
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) texts.push_back(testing::random_text(random, 60));
  return texts;
}

TEST(BpeTokenizer, WhatTheFilesSay) {
  const SmallBpe small;
  const Tokenizer& bpe = *small.tokenizer;
  EXPECT_EQ(bpe.name(), "bpe");
  EXPECT_EQ(bpe.vocab_size(), int64_t(256 + testing::small_merges().size() + 1));
  EXPECT_EQ(bpe.bos(), bpe.vocab_size() - 1);
  EXPECT_EQ(bpe.eos(), bpe.vocab_size() - 1);
  EXPECT_TRUE(bpe.needs_utf8());
}

// In GPT-2's order "!" is 0, "A" 32, "a" 64, the blank's U+0120 220; merges count from 256.
TEST(BpeTokenizer, TokensByHand) {
  const SmallBpe small;
  const auto encode = [&](const char* text) { return small.tokenizer->encode(text); };
  EXPECT_EQ(encode("A!"), (Tokens{32, 0}));
  EXPECT_EQ(encode("a b"), (Tokens{64, 220, 65}));
  EXPECT_EQ(encode("the"), (Tokens{83, 257}));             // "t", "he": " the" needs its blank
  EXPECT_EQ(encode(" the and"), (Tokens{261, 268}));       // " the", " and"
  EXPECT_EQ(encode("it's"), (Tokens{72, 83, 269}));        // "i", "t", "'s"
  EXPECT_EQ(encode("1234"), (Tokens{275, 19}));            // "123", "4"
  EXPECT_EQ(encode("a   b"), (Tokens{64, 271, 220, 65}));  // two blanks, and the one that is b's
  EXPECT_EQ(encode("a\n\n"), (Tokens{64, 272}));
  EXPECT_EQ(encode("caf\u00E9"), (Tokens{285}));
}

TEST(BpeTokenizer, AsTheReference) {
  const SmallBpe small;
  const std::vector<std::string> texts = many_texts();
  write_bytes(small.directory / "texts.json", nlohmann::json(texts).dump());
  const auto result =
      testing::run("python3 " + kReference.string() + " " + (small.directory / "gpt2").string() + " " +
                   (small.directory / "texts.json").string());
  ASSERT_EQ(result.code, 0) << result.err;
  std::istringstream lines(result.out);
  for (const std::string& text : texts) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    std::istringstream numbers(line);
    const Tokens expected{std::istream_iterator<int64_t>(numbers), {}};
    ASSERT_EQ(small.tokenizer->encode(text), expected) << text;
  }
}

TEST(BpeTokenizer, AllTextComesBackAndIsNeverSpecial) {
  const SmallBpe small;
  for (const std::string& text : many_texts()) {
    const Tokens tokens = small.tokenizer->encode(text);
    EXPECT_EQ(small.tokenizer->decode(tokens), text);
    EXPECT_EQ(std::count(tokens.begin(), tokens.end(), small.tokenizer->eos()), 0) << text;
  }
  const int64_t end = small.tokenizer->eos();
  EXPECT_EQ(small.tokenizer->decode(Tokens{end, 64, end, 65, end}), "ab");
}

TEST(BpeTokenizer, PartedTextGivesTheSameTokens) {
  const SmallBpe small;
  std::mt19937 random(2);
  int parted = 0;
  for (int round = 0; round < 500; ++round) {
    const std::string text = testing::random_text(random, 80);
    const size_t at = small.tokenizer->cut(text);
    if (at == 0) continue;
    ++parted;
    Tokens tokens = small.tokenizer->encode(text.substr(0, at));
    const Tokens more = small.tokenizer->encode_more(text.substr(at));
    tokens.insert(tokens.end(), more.begin(), more.end());
    ASSERT_EQ(tokens, small.tokenizer->encode(text)) << text << " at " << at;
  }
  EXPECT_GT(parted, 300);
  EXPECT_EQ(small.tokenizer->cut("abc def ghi"), 7u);
  EXPECT_EQ(small.tokenizer->cut("nowhere"), 0u);
  EXPECT_EQ(small.tokenizer->cut("\u3000 x"), 0u);  // the blank belongs to white space before it
}

TEST(BpeTokenizer, LongWordsAndLongWhiteSpace) {
  const SmallBpe small;
  for (const char* unit : {"a", "ab", " ", "\n", "\u4F60", "!", "1"}) {
    std::string text;
    while (text.size() < 300'000) text += unit;
    const Tokens tokens = small.tokenizer->encode(text + "end");
    EXPECT_EQ(small.tokenizer->decode(tokens), text + "end");
  }
}

TEST(BpeTokenizer, ThreadsShareIt) {
  const SmallBpe small;
  const std::vector<std::string> texts = many_texts();
  std::vector<Tokens> alone;
  for (const std::string& text : texts) alone.push_back(small.tokenizer->encode(text));
  std::vector<std::thread> threads;
  std::atomic<int> differing = 0;
  for (size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (size_t t = 0; t < texts.size(); ++t) differing += small.tokenizer->encode(texts[t]) != alone[t];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differing, 0);
}

TEST(BpeTokenizer, OpensByFolderOrEitherFileAndByTheirFirstNames) {
  const SmallBpe small;
  const std::filesystem::path folder = small.directory / "gpt2";
  const std::string fingerprint = small.tokenizer->fingerprint();
  EXPECT_EQ(fingerprint.size(), 64u);
  for (const auto& path : {folder, folder / "vocab.json", folder / "merges.txt"})
    EXPECT_EQ(open_tokenizer(path.string())->fingerprint(), fingerprint);
  std::filesystem::create_directory(small.directory / "first");
  std::filesystem::copy(folder / "vocab.json", small.directory / "first/encoder.json");
  std::filesystem::copy(folder / "merges.txt", small.directory / "first/vocab.bpe");
  for (const char* name : {"first", "first/encoder.json", "first/vocab.bpe"})
    EXPECT_EQ(open_tokenizer((small.directory / name).string())->fingerprint(), fingerprint);
  write_bytes(folder / "merges.txt", read_bytes(folder / "merges.txt") + "\n");
  EXPECT_NE(open_bpe(folder / "vocab.json")->fingerprint(), fingerprint);
}

TEST(BpeTokenizer, RobertasBeginningAndEnd) {
  const SmallBpe small;
  const std::filesystem::path vocabulary = small.directory / "gpt2/vocab.json";
  std::string json = read_bytes(vocabulary);
  json.replace(json.find("\"<|endoftext|>\""), 15, "\"<s>\": 400, \"</s>\"");
  write_bytes(vocabulary, json);
  const auto roberta = open_bpe(vocabulary);
  EXPECT_EQ(roberta->bos(), 400);
  EXPECT_EQ(roberta->eos(), small.tokenizer->eos());
  EXPECT_EQ(roberta->vocab_size(), 401);
  EXPECT_EQ(roberta->piece(350), "");  // a number between that no token has
}

TEST(BpeTokenizer, WhatIsWrongWithTheFilesIsSaid) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const char* file, const std::string& from, const std::string& to,
                                const std::string& message) {
    std::filesystem::remove_all(directory / "bad");
    write_bpe(directory / "bad");
    std::string bytes = read_bytes(directory / "bad" / file);
    ASSERT_NE(bytes.find(from), std::string::npos) << from;
    bytes.replace(bytes.find(from), from.empty() ? bytes.size() : from.size(), to);
    write_bytes(directory / "bad" / file, bytes);
    EXPECT_THROW_WITH(open_tokenizer((directory / "bad").string()), UsageError, message);
    EXPECT_THROW_WITH(open_tokenizer((directory / "bad").string()), UsageError, (directory / "bad").string());
  };
  expect_error("vocab.json", "{", "[", "vocab.json: not valid JSON, line 1");
  expect_error("vocab.json", "", "[1, 2]",
               "must be an object of tokens and their numbers, is a list of 2 numbers");
  expect_error("vocab.json", "\"A\": 32", "\"A\": -1",
               "token \"A\": its number is the number -1, not one of 0 to");
  expect_error("vocab.json", "\"A\": 32", "\"A\": 33", "its number 33 is that of \"A\", too");
  expect_error("vocab.json", "\"A\": 32, ", "", "no token for byte 65 (\"A\")");
  expect_error("vocab.json", "\"Ġthe\": 261, ", "", "merges.txt, line 7: \"Ġthe\" is not in the vocabulary");
  expect_error("vocab.json", "\"A\": 32", "\"A\": 32, \"a</w>\": 900",
               "no token for byte 0 (\"\u0100</w>\")");
  expect_error("merges.txt", "h e\n", "h e e\n", "merges.txt, line 3: not two tokens");
  expect_error("merges.txt", "h e\n", "he\n", "merges.txt, line 3: not two tokens");
  expect_error("merges.txt", "h e\n", "h e\nh e\n",
               "merges.txt, line 4: the same pair stands in an earlier line");
  expect_error("merges.txt", "", "#version: 0.2\n", "merges.txt: holds no merges");
  expect_error("merges.txt", "", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
               "Git LFS");
  std::filesystem::remove(directory / "bad/merges.txt");
  EXPECT_THROW_WITH(open_tokenizer((directory / "bad").string()), UsageError,
                    "merges.txt must lie beside it");
}

TEST(BpeTokenizer, TextThatIsNotUtf8) {
  const SmallBpe small;
  EXPECT_THROW_WITH(small.tokenizer->encode("one\ncaf\xE9 au lait"), UsageError,
                    "the text is not UTF-8: byte 0xE9 at offset 7, line 2");
  EXPECT_THROW_WITH(small.tokenizer->encode_more("\xF0\x9F\x98"), UsageError, "not UTF-8");
}

}  // namespace
}  // namespace uvic
