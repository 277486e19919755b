#include "language/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "io/npy.h"
#include "language/token_texts.h"
#include "support/golden_language.h"
#include "text/byte_tokenizer.h"
#include "tiny_model.h"

namespace uvic {
namespace {

using testing::golden_language;
using testing::tiny_model;

class GoldenLoss : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenLoss, IsTheMeanOverAllPositionsButTheLast) {
  const auto golden = golden_language(GetParam());
  const at::Tensor tokens = golden.tensors.at("input.tokens");
  std::vector<TokenText> texts;
  for (const at::Tensor& row : tokens.unbind()) texts.push_back(in_memory(row, "row"));
  const Likelihood found = evaluate(LanguageNetwork(golden.model), texts, 32);
  EXPECT_EQ(found.predictions, tokens.size(0) * (tokens.size(1) - 1));
  EXPECT_NEAR(found.loss(), golden.tensors.at("output.loss").item<double>(), 2e-5);
  EXPECT_DOUBLE_EQ(found.perplexity(), std::exp(found.loss()));
}
INSTANTIATE_TEST_SUITE_P(Evaluate, GoldenLoss, ::testing::Values("lm_cog", "lm_softmax", "lm_cog_d32"));

TEST(Windows, PredictEachTokenOnceWithEnoughBefore) {
  for (const int64_t size : {2, 9, 10, 11, 12, 13, 25, 100}) {
    for (const int64_t stride : {1, 3, 5, 10}) {
      std::vector<int64_t> times(size_t(size), 0);
      for (const Window& window : sliding_windows(size, 10, stride)) {
        EXPECT_LE(window.inputs, 10);
        EXPECT_EQ(window.inputs, std::min<int64_t>(size - 1, 10));
        for (int64_t i = 0; i < window.scored; ++i) {
          const int64_t token = window.first + window.inputs - i, before = token - window.first;
          ++times[size_t(token)];
          EXPECT_TRUE(window.first == 0 || before > 10 - stride) << token << " of " << size;
        }
      }
      EXPECT_EQ(times[0], 0);
      for (size_t token = 1; token < times.size(); ++token) EXPECT_EQ(times[token], 1) << token;
    }
  }
}

TEST(Windows, LastOneIsMovedBackToBeFull) {
  EXPECT_EQ(sliding_windows(14, 8, 4), (std::vector<Window>{{0, 8, 8}, {4, 8, 4}, {5, 8, 1}}));
}

at::Tensor some_tokens(int64_t n) {
  at::manual_seed(5);
  at::Tensor tokens = at::randint(3, 259, {n}, at::kLong);
  for (const int64_t begin : {0, 30, 31, 95}) tokens[begin] = 1;
  return tokens;
}

// Each token by a run of its own, over nothing but what its window has before it.
TEST(Evaluate, EqualsOneRunATokenAndStaysWithinDocuments) {
  const auto model = tiny_model();
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = some_tokens(130);
  double nats = 0;
  for (const Window& window : sliding_windows(130, 48, 20)) {
    for (int64_t i = 0; i < window.scored; ++i) {
      const int64_t token = window.first + window.inputs - i;
      const at::Tensor before = tokens.slice(0, window.first, token).unsqueeze(0);
      nats -=
          at::log_softmax(model->forward(before)[0][-1], -1)[tokens[token].item<int64_t>()].item<double>();
    }
  }
  const Likelihood found = evaluate(LanguageNetwork(model), {in_memory(tokens, "t")}, 20);
  EXPECT_EQ(found.predictions, 129);
  EXPECT_NEAR(found.nats, nats, 1e-4 * nats);
}

TEST(Evaluate, IsDeterministicAndTellsOfItsProgress) {
  const LanguageNetwork network(tiny_model());
  const at::Tensor tokens = some_tokens(400);
  int64_t last = 0;
  const auto progress = [&](int64_t done, int64_t all) {
    EXPECT_GT(done, last);
    EXPECT_EQ(all, 399);
    last = done;
  };
  const double nats = evaluate(network, {in_memory(tokens, "t")}, 7, nullptr, progress).nats;
  EXPECT_EQ(last, 399);
  EXPECT_EQ(evaluate(network, {in_memory(tokens, "t")}, 7).nats, nats);
}

// With the bytes' own tokenizer a token is a byte, but for those that begin and end documents.
TEST(Evaluate, BitsPerByteOfBytes) {
  const LanguageNetwork network(tiny_model());
  const auto tokenizer = byte_tokenizer();
  const TokenBytes bytes(*tokenizer, network.options().vocab_size, 1);
  std::vector<int64_t> tokens = {1};
  for (const int64_t token : tokenizer->encode("na\xC3\xAFve")) tokens.push_back(token);
  tokens.insert(tokens.end(), {2, 1, 'x' + 3});
  const Likelihood found = evaluate(network, {in_memory(at::tensor(tokens, at::kLong), "t")}, 24, &bytes);
  EXPECT_EQ(found.predictions, 9);
  EXPECT_EQ(found.bytes, 7);
  EXPECT_DOUBLE_EQ(found.bits_per_byte(), found.nats / std::log(2.0) / 7);
  EXPECT_DOUBLE_EQ(found.bits_per_token(), found.nats / std::log(2.0) / 9);
}

/// Pieces " a" and " b", as SentencePiece has them; 0 begins a document.
class BlankBefore : public Tokenizer {
 public:
  std::string name() const override { return "blank"; }
  int64_t vocab_size() const override { return 3; }
  int64_t bos() const override { return 0; }
  int64_t eos() const override { return -1; }
  bool needs_utf8() const override { return false; }
  std::string fingerprint() const override { return ""; }
  size_t cut(std::string_view) const override { return 0; }
  std::string piece(int64_t token) const override { return token == 0 ? "" : token == 1 ? " a" : " b"; }
  LeadingBlanks leading_blanks(int64_t) const override { return LeadingBlanks::kFirstDropped; }

 private:
  std::vector<int64_t> tokens_of(std::string_view, bool) const override { return {}; }
};

TEST(Evaluate, BlanksThatATokenizerPutsBeforeDocumentsAreNoBytes) {
  const TokenBytes bytes(BlankBefore(), 5, 0);
  const at::Tensor tokens =
      at::tensor({0, 1, 2, 0, 2, 4}, at::kLong);  // "a b", "b" and a token unknown to it
  EXPECT_EQ(bytes.of(tokens.slice(0, 1), tokens.slice(0, 0, 5)), 1 + 2 + 0 + 1 + 0);
}

TEST(TokenTexts, BytesOfATextAreThoseThatArePredicted) {
  const auto tokenizer = byte_tokenizer();
  const TokenTexts behind_bos = texts_of(*tokenizer, "abc", "a.txt", 1);
  EXPECT_EQ(behind_bos.texts[0].size, 4);
  EXPECT_EQ(behind_bos.bytes, 3);
  EXPECT_EQ(texts_of(*tokenizer, "abc", "a.txt", -1).bytes, 2);
  EXPECT_THROW_WITH(texts_of(*tokenizer, "", "a.txt", 1), UsageError, "a.txt: is empty");
}

TEST(TokenTexts, RowsOfAnArrayAreTextsOfTheirOwn) {
  const testing::TemporaryDirectory directory;
  save_npy(directory / "a.npy", at::arange(12, at::kLong).view({3, 4}));
  const TokenTexts rows = texts_of(open_tokens(directory / "a.npy", TokenSplit::kTrain), directory / "a.npy");
  ASSERT_EQ(rows.texts.size(), 3U);
  EXPECT_TRUE(rows.texts[2].read(1, 3).equal(at::tensor({9, 10, 11}, at::kLong)));
  EXPECT_TRUE(rows.texts[2].name.ends_with("a.npy, row 2"));
  save_npy(directory / "b.npy", at::arange(12, at::kLong));
  const TokenTexts one = texts_of(open_tokens(directory / "b.npy", TokenSplit::kTrain), directory / "b.npy");
  EXPECT_EQ(one.texts.size(), 1U);
  EXPECT_EQ(one.bytes, 0);
}

TEST(Evaluate, RefusesWhatCannotBePredicted) {
  const LanguageNetwork network(tiny_model());
  EXPECT_THROW_WITH(evaluate(network, {in_memory(at::tensor({1}, at::kLong), "a.npy")}, 24), UsageError,
                    "a.npy: has 1 token; there must be one to predict from another");
  at::Tensor tokens = some_tokens(100);
  tokens[77] = 500;
  EXPECT_THROW_WITH(evaluate(network, {in_memory(tokens, "a.npy")}, 24), UsageError,
                    "a.npy: token 500 at position 77 is outside the model's vocabulary, 0 to 258");
}

}  // namespace
}  // namespace uvic
