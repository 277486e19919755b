#include "text/sentencepiece_tokenizer.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "core/errors.h"
#include "support/text_files.h"

namespace uvic {
namespace {

using testing::TemporaryDirectory;
using testing::write_bytes;
using Tokens = std::vector<int64_t>;

/// Sentences to train on, made up of a few words.
class Sentences : public sentencepiece::SentenceIterator {
 public:
  Sentences() {
    static const std::vector<std::string> words = {"the",  "cat",  "sat",  "on",  "a",  "mat",
                                                   "and",  "dog",  "ran",  "to",  "12", "don't",
                                                   "café", "über", "over", "time"};
    std::mt19937 random(3);
    for (int i = 0; i < 600; ++i) {
      std::string sentence = words[random() % words.size()];
      for (size_t more = random() % 8; more > 0; --more) sentence += " " + words[random() % words.size()];
      sentences_.push_back(sentence + ".");
    }
  }
  bool done() const override { return at_ == sentences_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return sentences_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> sentences_;
  size_t at_ = 0;
};

using Options = std::unordered_map<std::string, std::string>;

/// As Llama's: BPE, bytes for what is in no piece, text left as it is.
Options llama() {
  return {{"model_type", "bpe"},
          {"vocab_size", "330"},
          {"byte_fallback", "true"},
          {"normalization_rule_name", "identity"},
          {"remove_extra_whitespaces", "false"},
          {"allow_whitespace_only_pieces", "true"},
          {"split_digits", "true"}};
}
/// As the trainer makes them by itself: unigram, NFKC, blanks trimmed.
Options plain() {
  return {{"model_type", "unigram"}, {"vocab_size", "80"}, {"hard_vocab_limit", "false"}};
}

struct Model {
  explicit Model(Options options) {
    Sentences sentences;
    std::string bytes;
    options["minloglevel"] = "3";
    const auto status = sentencepiece::SentencePieceTrainer::Train(options, &sentences, &bytes);
    TORCH_CHECK(status.ok(), status.ToString());
    write_bytes(directory / "small.model", bytes);
    tokenizer = open_sentencepiece(directory / "small.model");
    TORCH_CHECK(library.LoadFromSerializedProto(bytes).ok());
  }
  TemporaryDirectory directory;
  std::unique_ptr<Tokenizer> tokenizer;
  sentencepiece::SentencePieceProcessor library;
};

const Model& llama_model() {
  static const Model model(llama());
  return model;
}
const Model& plain_model() {
  static const Model model(plain());
  return model;
}

std::vector<std::string> many_texts() {
  std::vector<std::string> texts = testing::tricky_texts();
  for (const char* text :
       {"the cat sat on a mat.", "  the cat", "time and time\nover", "un\u00FCberlegt 1234"})
    texts.emplace_back(text);
  std::mt19937 random(4);
  for (int i = 0; i < 200; ++i) texts.push_back(testing::random_text(random, 40));
  return texts;
}

TEST(SentencePiece, WhatTheModelSays) {
  const Tokenizer& tokenizer = *llama_model().tokenizer;
  EXPECT_EQ(tokenizer.name(), "sentencepiece");
  EXPECT_EQ(tokenizer.vocab_size(), 330);
  EXPECT_EQ(tokenizer.bos(), 1);
  EXPECT_EQ(tokenizer.eos(), 2);
  EXPECT_EQ(tokenizer.fingerprint().size(), 64u);
  EXPECT_NE(tokenizer.fingerprint(), plain_model().tokenizer->fingerprint());
  EXPECT_EQ(open_tokenizer((llama_model().directory / "small.model").string())->fingerprint(),
            tokenizer.fingerprint());
  Options without = llama();
  without["bos_id"] = "-1";
  const Model no_bos(without);
  EXPECT_EQ(no_bos.tokenizer->bos(), -1);
}

TEST(SentencePiece, TokensAndTextAreTheLibrarys) {
  for (const Model* model : {&llama_model(), &plain_model()}) {
    for (const std::string& text : many_texts()) {
      const Tokens tokens = model->tokenizer->encode(text);
      const std::vector<int> expected = model->library.EncodeAsIds(text);
      ASSERT_EQ(tokens, Tokens(expected.begin(), expected.end())) << text;
      ASSERT_EQ(model->tokenizer->decode(tokens), model->library.DecodeIds(expected)) << text;
      EXPECT_EQ(std::count(tokens.begin(), tokens.end(), model->tokenizer->bos()), 0);
      EXPECT_EQ(std::count(tokens.begin(), tokens.end(), model->tokenizer->eos()), 0);
    }
  }
}

TEST(SentencePiece, WithByteFallbackAllTextComesBack) {
  for (const std::string& text : many_texts()) {
    const Tokens tokens = llama_model().tokenizer->encode(text);
    EXPECT_EQ(llama_model().tokenizer->decode(tokens), text);
  }
}

TEST(SentencePiece, BlanksAtTheBeginningAreDroppedAsTheLibraryDoes) {
  const auto& [directory, tokenizer, library] = llama_model();
  const auto blank_of = [](const Model& model) { return model.library.PieceToId("\u2581"); };
  const int blank = blank_of(llama_model()), cat = library.EncodeAsIds("cat").front();
  for (const std::vector<int>& pieces :
       {std::vector<int>{cat}, {blank, cat}, {blank, blank, cat}, {1, cat, 2, cat}}) {
    EXPECT_EQ(tokenizer->decode(Tokens(pieces.begin(), pieces.end())), library.DecodeIds(pieces));
  }
  Options no_prefix = llama();
  no_prefix["add_dummy_prefix"] = "false";
  const Model kept(no_prefix);
  EXPECT_EQ(kept.tokenizer->leading_blanks(blank_of(kept)), Tokenizer::LeadingBlanks::kKept);
  EXPECT_EQ(kept.tokenizer->decode(kept.tokenizer->encode(" the cat")), " the cat");
  EXPECT_EQ(plain_model().tokenizer->leading_blanks(blank_of(plain_model())),
            Tokenizer::LeadingBlanks::kAllDropped);
  EXPECT_EQ(tokenizer->leading_blanks(cat), Tokenizer::LeadingBlanks::kFirstDropped);
}

TEST(SentencePiece, PartedTextGivesTheSameTokens) {
  std::mt19937 random(5);
  for (const Model* model : {&llama_model(), &plain_model()}) {
    int parted = 0;
    for (int round = 0; round < 200; ++round) {
      std::string text;
      for (int line = 0; line < 4; ++line) {
        text += random() % 2 == 0 ? "the cat sat" : testing::random_text(random, 10);
        text += random() % 3 == 0 ? "\n\n" : "\n";
      }
      text += "on a mat";
      const size_t at = model->tokenizer->cut(text);
      if (at == 0) continue;
      ++parted;
      Tokens tokens = model->tokenizer->encode(text.substr(0, at));
      const Tokens more = model->tokenizer->encode_more(text.substr(at));
      tokens.insert(tokens.end(), more.begin(), more.end());
      ASSERT_EQ(tokens, model->tokenizer->encode(text)) << text;
    }
    EXPECT_GT(parted, 150);
    EXPECT_EQ(model->tokenizer->cut("\u4F60\u597D\n\u4F60\u597D"), 7u);
    EXPECT_EQ(model->tokenizer->cut("one\n two\n\xE4\xBD"), 0u);  // a blank, and half of a character
  }
}

TEST(SentencePiece, WhatIsNoModelIsRefused) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const std::string& bytes, const std::string& message) {
    write_bytes(directory / "x.model", bytes);
    EXPECT_THROW_WITH(open_tokenizer((directory / "x.model").string()), UsageError, message);
  };
  expect_error("", "x.model: an empty file, not a SentencePiece model");
  expect_error("hello world, hello world, hello world", "a text file, not a SentencePiece model");
  expect_error("\xFF\xFE\xFD\xFC\xFB\xFA\xF9\xF8", "not a SentencePiece model");
  expect_error("PK\x03\x04 of a checkpoint", "a ZIP archive, not a SentencePiece model");
  expect_error("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS");
  const std::string whole = testing::read_bytes(llama_model().directory / "small.model");
  expect_error(whole.substr(0, whole.size() / 2), "not a SentencePiece model");
  EXPECT_THROW_WITH(llama_model().tokenizer->encode("caf\xE9"), UsageError, "byte 0xE9 at offset 3, line 1");
}

}  // namespace
}  // namespace uvic
