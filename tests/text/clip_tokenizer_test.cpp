#include "text/clip_tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "support/python.h"
#include "support/text_files.h"
#include "text/caption_tokenizer.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::fixture;
using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;
using Tokens = std::vector<int64_t>;

json read_json(const std::string& name) {
  return json::parse(read_bytes(fixture(name)));
}

/// A copy of the golden vocabulary, for other files beside it.
void copy_vocabulary(const fs::path& folder) {
  fs::create_directories(folder);
  for (const char* name : {"vocab.json", "merges.txt"})
    fs::copy_file(fixture("clip") / name, folder / name, fs::copy_options::overwrite_existing);
}

const std::string kPadBang = R"({"pad_token": "!"})";

TEST(ClipTokenizer, WhatTheFilesSay) {
  const auto clip = open_tokenizer(fixture("clip").string());
  EXPECT_EQ(clip->name(), "clip");
  EXPECT_EQ(clip->vocab_size(), 3514);
  EXPECT_EQ(clip->bos(), 3512);
  EXPECT_EQ(clip->eos(), 3513);
  EXPECT_EQ(clip->pad(), 3513);
  EXPECT_TRUE(clip->needs_utf8());
  EXPECT_EQ(clip->piece(320), "a ");
  EXPECT_EQ(clip->piece(64), "a");
  EXPECT_EQ(clip->piece(3513), "");
  EXPECT_EQ(clip->decode(clip->encode("A photo of a CAT's 2 hats!")), "a photo of a cat 's 2 hats ! ");
}

TEST(ClipTokenizer, TheGoldenCaptionsGiveTheGoldenRows) {
  const json golden = read_json("clip/tokens.json");
  const CaptionTokenizer rows(open_tokenizer(fixture("clip").string()), 77);
  for (size_t i = 0; i < golden["captions"].size(); ++i) {
    const auto caption = golden["captions"][i].get<std::string>();
    EXPECT_EQ(rows.row(caption), golden["input_ids"][i].get<std::vector<int32_t>>()) << caption;
  }
}

// Capitals whose small letters are two or none, accents apart, special tokens' names, padding that is one.
TEST(ClipTokenizer, TrickyTextsAsTransformers) {
  const TemporaryDirectory directory;
  copy_vocabulary(directory.path());
  const json golden = read_json("clip/more_tokens.json");
  for (const auto& [key, map] :
       std::map<std::string, std::string>{{"ids", "{}"}, {"with_pad_bang", kPadBang}}) {
    write_bytes(directory / "special_tokens_map.json", map);
    const auto clip = open_tokenizer(directory.path().string());
    for (size_t i = 0; i < golden["texts"].size(); ++i) {
      const auto text = golden["texts"][i].get<std::string>();
      EXPECT_EQ(clip->encode(text), golden[key][i].get<Tokens>()) << key << ": " << text;
    }
  }
}

TEST(ClipTokenizer, PadsWithWhatTheFilesName) {
  const TemporaryDirectory directory;
  copy_vocabulary(directory.path());
  const std::string folder = directory.path().string();
  const std::string plain = open_tokenizer(folder)->fingerprint();
  const fs::path config = directory / "tokenizer_config.json", map = directory / "special_tokens_map.json";
  const auto pad = [&] { return open_tokenizer(folder)->pad(); };
  write_bytes(config, R"({"pad_token": "!"})");
  EXPECT_EQ(pad(), 0);
  write_bytes(map, R"({"pad_token": {"content": "<|endoftext|>"}})");
  EXPECT_EQ(pad(), 3513);
  EXPECT_EQ(open_tokenizer(folder)->fingerprint(), plain);
  write_bytes(config, R"({"pad_token": null})");
  write_bytes(map, kPadBang);
  EXPECT_EQ(pad(), 0);
  EXPECT_NE(open_tokenizer(folder)->fingerprint(), plain);
  const CaptionTokenizer rows(open_tokenizer(folder), 8);
  EXPECT_EQ(rows.row("wow!"), (std::vector<int32_t>{3512, 2781, 0, 3513, 0, 0, 0, 0}));
  // A newer file names all special tokens; the older one beside it then does not count.
  write_bytes(config, R"({"pad_token": "<|endoftext|>", "added_tokens_decoder": {"0": {"content": "!"}}})");
  EXPECT_EQ(pad(), 3513);
  EXPECT_EQ(open_tokenizer(folder)->encode("wow!"), (Tokens{2781, 0}));
}

TEST(ClipTokenizer, PartedTextGivesTheSameTokens) {
  const auto clip = open_tokenizer(fixture("clip").string());
  std::mt19937 random(2);
  int parted = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string text = testing::random_text(random, 80);
    const size_t at = clip->cut(text);
    if (at == 0) continue;
    ++parted;
    Tokens tokens = clip->encode(text.substr(0, at));
    const Tokens more = clip->encode_more(text.substr(at));
    tokens.insert(tokens.end(), more.begin(), more.end());
    ASSERT_EQ(tokens, clip->encode(text)) << text << " at " << at;
  }
  EXPECT_GT(parted, 150);
}

// OpenAI's file: merges alone, the numbers follow from their order.
TEST(ClipTokenizer, OpenAisGzipIsTheSameVocabulary) {
  const TemporaryDirectory directory;
  const fs::path file = directory / "bpe_simple_vocab_16e6.txt.gz";
  testing::python(
      "import gzip, sys\n"
      "text = open(sys.argv[1], encoding='utf-8').read()\n"
      "gzip.open(sys.argv[2], 'wt', encoding='utf-8').write('\"bpe_simple' + text)\n",
      {(fixture("clip") / "merges.txt").string(), file.string()});
  const auto ours = open_tokenizer(fixture("clip").string());
  for (const fs::path& path : {file, directory.path()}) {
    const auto clip = open_tokenizer(path.string());
    EXPECT_EQ(clip->vocab_size(), 3514);
    EXPECT_EQ(clip->eos(), 3513);
    for (const std::string& text : testing::tricky_texts()) EXPECT_EQ(clip->encode(text), ours->encode(text));
  }
  write_bytes(file, read_bytes(file).substr(0, 5000));
  EXPECT_THROW_WITH(open_tokenizer(file.string()), UsageError, "truncated or damaged");
  write_bytes(file, "merges");
  EXPECT_THROW_WITH(open_tokenizer(file.string()), UsageError, "gzip");
}

TEST(ClipTokenizer, WhatIsWrongIsSaid) {
  const TemporaryDirectory directory;
  copy_vocabulary(directory.path());
  const std::string folder = directory.path().string();
  EXPECT_THROW_WITH(open_tokenizer(folder)->encode("caf\xE9"), UsageError,
                    "not UTF-8: byte 0xE9 at offset 3");
  write_bytes(directory / "tokenizer_config.json", R"({"pad_token": "[PAD]"})");
  EXPECT_THROW_WITH(open_tokenizer(folder), UsageError,
                    "tokenizer_config.json: pad_token \"[PAD]\" is not in the vocabulary");
  write_bytes(directory / "tokenizer_config.json", R"({"pad_token": 7})");
  EXPECT_THROW_WITH(open_tokenizer(folder), UsageError, "pad_token must be a token, is the number 7");
  write_bytes(directory / "tokenizer_config.json", "[]");
  EXPECT_THROW_WITH(open_tokenizer(folder), UsageError, "must be an object, is an empty list");
  fs::remove(directory / "tokenizer_config.json");
  std::string vocabulary = read_bytes(directory / "vocab.json");
  vocabulary.replace(vocabulary.find("<|startoftext|>"), 15, "<|start|>");
  write_bytes(directory / "vocab.json", vocabulary);
  EXPECT_THROW_WITH(open_tokenizer(folder), UsageError, "the vocabulary has no <|startoftext|>");
}

}  // namespace
}  // namespace uvic
