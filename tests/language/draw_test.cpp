#include "language/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/seeds.h"
#include "support/support.h"

namespace uvic {
namespace {

const std::vector<float> kLogits = {0.5F, 2.0F, -1.0F, 2.0F, 1.25F, -3.0F};
const std::unordered_set<int64_t> kNone = {};

/// Probabilities of what the filters leave, by token.
std::map<int64_t, double> distribution(const std::vector<float>& logits, const GenerateOptions& options,
                                       const std::unordered_set<int64_t>& seen = kNone) {
  std::map<int64_t, double> probabilities;
  double sum = 0;
  for (const Candidate& candidate : filter_tokens(logits, options, seen)) {
    probabilities[candidate.token] = candidate.weight;
    sum += candidate.weight;
  }
  for (auto& [token, probability] : probabilities) probability /= sum;
  return probabilities;
}

/// A softmax of `scores` over the tokens of `kept` alone.
std::map<int64_t, double> softmax(const std::vector<double>& scores, const std::vector<int64_t>& kept) {
  std::map<int64_t, double> probabilities;
  double sum = 0;
  for (const int64_t token : kept) sum += std::exp(scores[size_t(token)]);
  for (const int64_t token : kept) probabilities[token] = std::exp(scores[size_t(token)]) / sum;
  return probabilities;
}

void expect_near(const std::map<int64_t, double>& found, const std::map<int64_t, double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [token, probability] : expected) {
    ASSERT_TRUE(found.contains(token)) << token;
    EXPECT_NEAR(found.at(token), probability, 1e-12) << token;
  }
}

std::vector<double> scaled(double factor) {
  std::vector<double> scores;
  for (const float logit : kLogits) scores.push_back(double(logit) * factor);
  return scores;
}

TEST(Filter, OffIsTheSoftmaxItself) {
  expect_near(distribution(kLogits, {}), softmax(scaled(1), {0, 1, 2, 3, 4, 5}));
}

TEST(Filter, TemperatureDividesLogits) {
  expect_near(distribution(kLogits, {.temperature = 0.5}), softmax(scaled(2), {0, 1, 2, 3, 4, 5}));
}

TEST(Filter, TopKKeepsTheKLikeliest) {
  expect_near(distribution(kLogits, {.top_k = 3}), softmax(scaled(1), {1, 3, 4}));
  // Of the two that are equally likely the smaller id is the likelier.
  expect_near(distribution(kLogits, {.top_k = 1}), {{1, 1.0}});
  expect_near(distribution(kLogits, {.top_k = 600}), softmax(scaled(1), {0, 1, 2, 3, 4, 5}));
}

// Probabilities 0.39, 0.39, 0.18 for tokens 1, 3, 4.
TEST(Filter, TopPKeepsTheFewestThatReachIt) {
  expect_near(distribution(kLogits, {.top_p = 0}), {{1, 1.0}});
  expect_near(distribution(kLogits, {.top_p = 0.3}), {{1, 1.0}});
  expect_near(distribution(kLogits, {.top_p = 0.5}), {{1, 0.5}, {3, 0.5}});
  expect_near(distribution(kLogits, {.top_p = 0.8}), softmax(scaled(1), {1, 3, 4}));
}

TEST(Filter, TopPIsOfWhatTopKLeaves) {
  // Of tokens 1, 3, 4 the first two have 0.81; of all they have 0.74.
  expect_near(distribution(kLogits, {.top_k = 3, .top_p = 0.79}), {{1, 0.5}, {3, 0.5}});
  expect_near(distribution(kLogits, {.top_p = 0.79}), softmax(scaled(1), {1, 3, 4}));
}

TEST(Filter, MinPIsAShareOfTheLikeliest) {
  // exp(1.25 - 2) = 0.472, exp(0.5 - 2) = 0.223.
  expect_near(distribution(kLogits, {.min_p = 0.3}), softmax(scaled(1), {1, 3, 4}));
  expect_near(distribution(kLogits, {.min_p = 0.2}), softmax(scaled(1), {0, 1, 3, 4}));
  // It counts behind the temperature: at 2 the shares are their roots.
  expect_near(distribution(kLogits, {.temperature = 2, .min_p = 0.3}), softmax(scaled(0.5), {0, 1, 3, 4}));
  expect_near(distribution(kLogits, {.min_p = 1}), {{1, 0.5}, {3, 0.5}});
}

TEST(Filter, RepetitionPenaltyDividesPositiveAndMultipliesNegativeLogits) {
  auto scores = scaled(1);
  scores[1] /= 1.5;
  scores[2] *= 1.5;
  expect_near(distribution(kLogits, {.repetition_penalty = 1.5}, {1, 2}),
              softmax(scores, {0, 1, 2, 3, 4, 5}));
}

TEST(Filter, TemperatureZeroLeavesTheLikeliestBehindThePenalty) {
  EXPECT_EQ(filter_tokens(kLogits, {.temperature = 0}, kNone).front().token, 1);
  const auto kept = filter_tokens(kLogits, {.repetition_penalty = 2, .temperature = 0}, {1});
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept.front().token, 3);
}

TEST(Filter, MinusInfinityIsATokenThatCannotBe) {
  auto logits = kLogits;
  logits[1] = -INFINITY;
  EXPECT_EQ(distribution(logits, {}).at(1), 0);
}

TEST(Filter, RefusesWhatIsNoDistribution) {
  for (const float bad : {NAN, INFINITY}) {
    auto logits = kLogits;
    logits[2] = bad;
    EXPECT_THROW_WITH(filter_tokens(logits, {}, kNone), std::runtime_error, "not finite");
    EXPECT_THROW_WITH(filter_tokens(logits, {.temperature = 0}, kNone), std::runtime_error, "not finite");
  }
  EXPECT_THROW_WITH(filter_tokens(std::vector<float>(4, -INFINITY), {}, kNone), std::runtime_error,
                    "not finite");
}

// By falling probability 1, 3, 4, 0, 2, 5, wherever they stand.
TEST(Draw, InvertsTheDistributionFunction) {
  const auto p = distribution(kLogits, {});
  double sum = 0;
  for (const int64_t token : {1, 3, 4, 0, 2, 5}) {
    auto candidates = filter_tokens(kLogits, {}, kNone);
    EXPECT_EQ(draw_token(candidates, sum + 1e-9), token);
    sum += p.at(token);
    std::reverse(candidates.begin(), candidates.end());
    EXPECT_EQ(draw_token(candidates, sum - 1e-9), token);
  }
  EXPECT_EQ(draw_token(filter_tokens(kLogits, {}, kNone), 0), 1);
}

// 20,000 draws of a fixed stream: the 99.9th percentile of chi-square with 5 degrees of freedom is 20.5.
TEST(Draw, FollowsTheDistribution) {
  constexpr int kDraws = 20000;
  auto generator = image_generator(3);
  const auto candidates = filter_tokens(kLogits, {}, kNone);
  std::map<int64_t, int> counts;
  for (int i = 0; i < kDraws; ++i)
    ++counts[draw_token(candidates, at::rand({}, generator, at::kDouble).item<double>())];
  double chi_square = 0;
  for (const auto& [token, probability] : distribution(kLogits, {}))
    chi_square += std::pow(counts[token] - kDraws * probability, 2) / (kDraws * probability);
  EXPECT_LT(chi_square, 20.5);
}

}  // namespace
}  // namespace uvic
