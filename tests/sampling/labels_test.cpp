#include "sampling/labels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/errors.h"
#include "nn/options.h"
#include "support/support.h"

namespace uvic {
namespace {

using Labels = std::vector<int64_t>;

TEST(Labels, BalancedAndFixed) {
  EXPECT_EQ(choose_labels("balanced", {0, 9, 10, 23}, 10), (Labels{0, 9, 0, 3}));
  EXPECT_EQ(choose_labels("7", {0, 1}, 10), (Labels{7, 7}));
  EXPECT_TRUE(choose_labels("balanced", {0, 1}, 0).empty());
}

TEST(Labels, RandomDependsOnTheSeedAloneAndCoversAllClasses) {
  Labels seeds(1000);
  std::iota(seeds.begin(), seeds.end(), int64_t{0});
  const Labels all = choose_labels("random", seeds, 10);
  EXPECT_EQ(choose_labels("random", {17}, 10).front(), all[17]);
  for (int64_t k = 0; k < 10; ++k) EXPECT_NEAR(double(std::count(all.begin(), all.end(), k)), 100, 50);
}

TEST(Labels, CountsMayStandInThePolicyItself) {
  EXPECT_EQ(choose_labels("[1, 0, 2]", {0, 1, 2, 3}, 3), (Labels{0, 2, 2, 0}));
  EXPECT_EQ(self_contained_labels("[1, 0, 2]", 3), "[1,0,2]");
  EXPECT_EQ(self_contained_labels("random", 3), "random");
  EXPECT_EQ(self_contained_labels("2", 3), "2");
  for (const char* policy : {"", "-1", "99999999999999999999", "[1, 2]"}) {
    EXPECT_THROW(choose_labels(policy, {0}, 3), UsageError) << policy;
  }
}

TEST(Labels, HistogramGivesExactCounts) {
  const testing::TemporaryDirectory directory;
  testing::write_bytes(directory / "hist.json", "[2, 0, 3]");
  EXPECT_EQ(choose_labels(directory / "hist.json", {0, 1, 2, 3, 4, 5, 9}, 3), (Labels{0, 0, 2, 2, 2, 0, 2}));
}

TEST(Labels, WhatDoesNotFitIsAnError) {
  const testing::TemporaryDirectory directory;
  testing::write_bytes(directory / "short.json", "[1, 2]");
  testing::write_bytes(directory / "bad.json", "[1, -2, 3]");
  testing::write_bytes(directory / "zero.json", "[0, 0, 0]");
  EXPECT_THROW_WITH(choose_labels("10", {0}, 10), UsageError, "classes 0 to 9");
  EXPECT_THROW_WITH(choose_labels("-1", {0}, 10), UsageError, "classes 0 to 9");
  EXPECT_THROW_WITH(choose_labels("3", {0}, 0), UsageError, "unconditional");
  EXPECT_THROW_WITH(choose_labels("balnced", {0}, 10), UsageError, "must be balanced, random");
  EXPECT_THROW_WITH(choose_labels(directory / "short.json", {0}, 3), UsageError, "list of 3 whole counts");
  EXPECT_THROW_WITH(choose_labels(directory / "bad.json", {0}, 3), UsageError, "list of 3 whole counts");
  testing::write_bytes(directory / "comma.json", "[1,\n2, 3,]");
  EXPECT_THROW_WITH(choose_labels(directory / "comma.json", {0}, 3), UsageError,
                    "comma.json: not valid JSON, line 2, column 6");
  EXPECT_THROW_WITH(choose_labels("-1", {0}, 3), UsageError, "'none' is the picture of no class");
  EXPECT_THROW_WITH(choose_labels(directory / "zero.json", {0}, 3), UsageError, "all counts are 0");
}

TEST(Labels, TheNullRowIsNoClass) {
  ModelOptions model;
  EXPECT_EQ(model.real_classes(), 10);
  model.null_label = NullLabel::kNone;
  EXPECT_EQ(model.real_classes(), 11);
  model.num_classes = -1;
  EXPECT_EQ(model.real_classes(), 0);
}

}  // namespace
}  // namespace uvic
