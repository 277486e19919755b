#include "language/choices.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "language/questions.h"
#include "support/support.h"
#include "text/byte_tokenizer.h"
#include "tiny_model.h"

namespace uvic {
namespace {

using testing::tiny_model;
using testing::write_bytes;

const auto kBytes = byte_tokenizer();

std::vector<int64_t> bytes_of(const std::string& text) {
  return kBytes->encode(text);
}

/// log p of `tokens` from position `begin` on, by runs of the network over what is before each.
double log_likelihood(Cogformer& model, const std::vector<int64_t>& tokens, size_t begin) {
  const at::NoGradGuard no_grad;
  double sum = 0;
  for (size_t i = begin; i < tokens.size(); ++i) {
    const auto first = long(std::max<int64_t>(int64_t(i) - model.options().max_seq_length, 0));
    const std::vector<int64_t> before(tokens.begin() + first, tokens.begin() + long(i));
    const at::Tensor logits = model.forward(at::tensor(before, at::kLong).unsqueeze(0))[0][-1];
    sum += at::log_softmax(logits, -1)[tokens[i]].item<double>();
  }
  return sum;
}

double log_likelihood(Cogformer& model, const std::string& context, const std::string& choice) {
  std::vector<int64_t> tokens = {1};
  for (const int64_t token : bytes_of(context + choice)) tokens.push_back(token);
  return log_likelihood(model, tokens, tokens.size() - choice.size());
}

size_t best(const std::vector<double>& values) {
  return size_t(std::max_element(values.begin(), values.end()) - values.begin());
}

// Questions whose answer is, by likelihoods computed one by one, the best by one measure: hits and misses of
// all three follow.
TEST(Choices, AreJudgedAsTheHarnessDoes) {
  const auto model = tiny_model();
  const std::vector<std::vector<std::string>> choices = {
      {" a", " much longer one", "\xC3\xA9\xC3\xA9\xC3\xA9"},
      {"x", "yy", "zzz"},
      {" no", " yes"},
      {"\xE2\x82\xAC\xE2\x82\xAC", "four", "fiveish"}};
  std::vector<Question> questions;
  int64_t plain = 0, by_characters = 0, by_bytes = 0;
  for (size_t q = 0; q < choices.size(); ++q) {
    for (const bool by_length : {false, true}) {
      std::vector<double> sums, per_character, per_byte;
      const std::string context = "Question " + std::to_string(q) + ":";
      for (const std::string& choice : choices[q]) {
        sums.push_back(log_likelihood(*model, context, choice));
        int64_t letters = 0;
        for (const char c : choice) letters += (static_cast<unsigned char>(c) >> 6) == 2 ? 0 : 1;
        per_character.push_back(sums.back() / double(letters));
        per_byte.push_back(sums.back() / double(choice.size()));
      }
      const size_t answer = best(by_length ? per_character : sums);
      questions.push_back({"q", context, choices[q], int64_t(answer)});
      plain += best(sums) == answer ? 1 : 0;
      by_characters += best(per_character) == answer ? 1 : 0;
      by_bytes += best(per_byte) == answer ? 1 : 0;
    }
  }
  const ChoiceScores scores = score_questions(LanguageNetwork(model), *kBytes, questions);
  EXPECT_EQ(scores.acc.hits, plain);
  EXPECT_EQ(scores.acc_norm.hits, by_characters);
  EXPECT_EQ(scores.acc_bytes.hits, by_bytes);
  EXPECT_EQ(scores.acc.n, 8);
  EXPECT_LT(plain, 8);
  EXPECT_LT(by_characters, 8);
  EXPECT_EQ(scores.truncated, 0);
}

TEST(Choices, StandardErrorIsThatOfAMean) {
  EXPECT_DOUBLE_EQ((Accuracy{3, 4}.mean()), 0.75);
  EXPECT_DOUBLE_EQ((Accuracy{3, 4}.standard_error()), 0.25);
  EXPECT_TRUE(std::isnan(Accuracy{1, 1}.standard_error()));
}

TEST(Choices, ContextIsCutFromTheLeftToFit) {
  const auto model = tiny_model();
  const std::string context(60, 'c');
  std::vector<double> sums;
  for (const std::string choice : {"ab", "wxyz"}) {
    auto tokens = bytes_of(context + choice);
    tokens.erase(tokens.begin(), tokens.end() - 49);  // what goes in, and the last token
    sums.push_back(log_likelihood(*model, tokens, 49 - choice.size()));
  }
  const Question question{"q", context, {"ab", "wxyz"}, int64_t(best(sums))};
  const ChoiceScores scores = score_questions(LanguageNetwork(model), *kBytes, {question});
  EXPECT_EQ(scores.truncated, 2);
  EXPECT_EQ(scores.acc.hits, 1);
}

TEST(Choices, DelimiterStandsBetween) {
  const auto model = tiny_model();
  const LanguageNetwork network(model);
  std::vector<double> sums;
  for (const std::string choice : {" Paris", " Rome", " Bern", " Vienna"})
    sums.push_back(log_likelihood(*model, "Where?", choice));
  const Question question{"q", "Where?", {"Paris", "Rome", "Bern", "Vienna"}, int64_t(best(sums))};
  EXPECT_EQ(score_questions(network, *kBytes, {question}, " ").acc.hits, 1);
}

TEST(EncodePair, BlanksAtTheEndOfTheContextGoToTheContinuation) {
  const auto parts = encode_pair(*kBytes, "Who? \n", "I", 1);
  auto context = bytes_of("Who?");
  context.insert(context.begin(), 1);
  EXPECT_EQ(parts.context, context);
  EXPECT_EQ(parts.continuation, bytes_of(" \nI"));
}

TEST(EncodePair, WithoutAContextADocumentBegins) {
  EXPECT_EQ(encode_pair(*kBytes, "", "I", 1).context, std::vector<int64_t>{1});
  EXPECT_EQ(encode_pair(*kBytes, "", "I", 1).continuation, bytes_of("I"));
  // Where nothing begins a document, the end of one stands before.
  EXPECT_EQ(encode_pair(*kBytes, "", "I", -1).context, std::vector<int64_t>{2});
  EXPECT_EQ(encode_pair(*kBytes, "c", "I", -1).context, bytes_of("c"));
}

TEST(Choices, RefusesAChoiceBeyondTheContext) {
  const Question question{"q.jsonl, line 3", "c", {"a", std::string(49, 'x')}, 0};
  EXPECT_THROW_WITH(score_questions(LanguageNetwork(tiny_model()), *kBytes, {question}), UsageError,
                    "q.jsonl, line 3: choice 1: its 49 tokens are more than the model's context of 48");
}

TEST(Questions, AreReadLineByLine) {
  const testing::TemporaryDirectory directory;
  write_bytes(
      directory / "q.jsonl",
      "{\"context\": \"2 + 2 =\", \"choices\": [\" 4\", \" 5\"], \"answer\": 0, \"source\": \"x\"}\r\n"
      "\n"
      "{\"answer\": 2, \"choices\": [\"a\", \"b\", \"c\"], \"context\": \"\"}");
  const auto questions = read_questions(directory / "q.jsonl");
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].context, "2 + 2 =");
  EXPECT_EQ(questions[0].choices, (std::vector<std::string>{" 4", " 5"}));
  EXPECT_EQ(questions[1].answer, 2);
  EXPECT_TRUE(questions[1].name.ends_with("q.jsonl, line 3"));
}

TEST(Questions, ErrorsSayWhereAndWhat) {
  const testing::TemporaryDirectory directory;
  const std::string good = "{\"context\": \"c\", \"choices\": [\"a\", \"b\"], \"answer\": 1}\n";
  const auto expect = [&](const std::string& line, const std::string& message) {
    write_bytes(directory / "q.jsonl", good + line);
    EXPECT_THROW_WITH(read_questions(directory / "q.jsonl"), UsageError, "q.jsonl" + message);
  };
  expect("{\"context\": \"c\", \"choices\": [\"a\" \"b\"]}", ": not valid JSON, line 2, column 36");
  expect("[1, 2]", ", line 2: must be an object with context, choices and answer, not a list of 2 numbers");
  expect("{\"choices\": [\"a\", \"b\"], \"answer\": 1}", ", line 2: has no \"context\"");
  expect("{\"context\": 5, \"choices\": [\"a\", \"b\"], \"answer\": 1}",
         ", line 2: context must be a text, not the number 5");
  expect("{\"context\": \"c\", \"choices\": [\"a\"], \"answer\": 0}",
         ", line 2: choices must be a list of at least two texts");
  expect("{\"context\": \"c\", \"choices\": [\"a\", \"\"], \"answer\": 0}", ", line 2: choice 1 is empty");
  expect("{\"context\": \"c\", \"choices\": [\"a\", 7], \"answer\": 0}",
         ", line 2: choice 1 must be a text, not the number 7");
  for (const char* answer : {"2", "-1", "0.5", "\"a\"", "null"}) {
    expect(std::string("{\"context\": \"c\", \"choices\": [\"a\", \"b\"], \"answer\": ") + answer + "}",
           ", line 2: answer must be the number of a choice, 0 to 1, not ");
  }
  write_bytes(directory / "q.jsonl", "\n \n");
  EXPECT_THROW_WITH(read_questions(directory / "q.jsonl"), UsageError, "holds no questions");
}

}  // namespace
}  // namespace uvic
