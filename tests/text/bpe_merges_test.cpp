#include "text/bpe_merges.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>

namespace uvic {
namespace {

using Symbols = std::vector<int32_t>;

Symbols merged(const BpeMerges& merges, Symbols symbols) {
  merges.apply(symbols);
  return symbols;
}

TEST(BpeMerges, TheEarliestRuleGoesFirst) {
  BpeMerges merges;
  EXPECT_TRUE(merges.add(2, 3, 10));
  EXPECT_TRUE(merges.add(1, 2, 11));
  EXPECT_TRUE(merges.add(1, 10, 12));
  EXPECT_FALSE(merges.add(1, 2, 13));
  EXPECT_EQ(merges.size(), 3u);
  EXPECT_EQ(merged(merges, {1, 2, 3}), (Symbols{12}));
  EXPECT_EQ(merged(merges, {1, 2, 1, 2, 3}), (Symbols{11, 12}));
  EXPECT_EQ(merged(merges, {1, 2, 4}), (Symbols{11, 4}));
  EXPECT_EQ(merged(merges, {}), Symbols{});
  EXPECT_EQ(merged(merges, {2}), (Symbols{2}));
}

TEST(BpeMerges, OfEqualPairsTheLeftmostGoesFirst) {
  BpeMerges merges;
  merges.add(1, 1, 10);
  EXPECT_EQ(merged(merges, {1, 1, 1}), (Symbols{10, 1}));
  EXPECT_EQ(merged(merges, {1, 1, 1, 1, 1}), (Symbols{10, 10, 1}));
}

/// As GPT-2's encoder.py has it: all places of the earliest pair, then the next.
Symbols reference(const std::vector<std::pair<int32_t, int32_t>>& rules, Symbols symbols) {
  for (;;) {
    size_t best = rules.size();
    for (size_t rule = 0; rule < best; ++rule) {
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        if (symbols[i] == rules[rule].first && symbols[i + 1] == rules[rule].second)
          best = std::min(best, rule);
      }
    }
    if (best == rules.size()) return symbols;
    Symbols next;
    for (size_t i = 0; i < symbols.size(); ++i) {
      const bool here =
          i + 1 < symbols.size() && symbols[i] == rules[best].first && symbols[i + 1] == rules[best].second;
      next.push_back(here ? 100 + int32_t(best) : symbols[i]);
      if (here) ++i;
    }
    symbols = next;
  }
}

TEST(BpeMerges, ShortAndLongWordsAsTheReference) {
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    BpeMerges merges;
    std::vector<std::pair<int32_t, int32_t>> rules;
    while (rules.size() < 30) {  // of letters and of what earlier rules make
      const auto symbol = [&] {
        const auto number = int32_t(random() % (4 + rules.size()));
        return number < 4 ? number : 100 + number - 4;
      };
      const std::pair<int32_t, int32_t> rule{symbol(), symbol()};
      if (merges.add(rule.first, rule.second, 100 + int32_t(rules.size()))) rules.push_back(rule);
    }
    for (const size_t length : {5, 31, 32, 33, 34, 100, 300}) {
      Symbols word(length);
      for (int32_t& symbol : word) symbol = int32_t(random() % 4);
      ASSERT_EQ(merged(merges, word), reference(rules, word)) << round << " " << length;
    }
  }
}

TEST(BpeMerges, AMillionSymbolsAreNoTrouble) {
  BpeMerges merges;
  for (int32_t i = 0; i < 16; ++i) merges.add(i, i, i + 1);
  Symbols word(1 << 20, 0);
  const auto began = std::chrono::steady_clock::now();
  merges.apply(word);
  EXPECT_EQ(word, Symbols(16, 16));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace uvic
