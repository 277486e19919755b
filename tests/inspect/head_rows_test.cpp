// Measures of weights that can be worked out by hand.
#include "inspect/head_rows.h"

#include <gtest/gtest.h>

#include <cmath>

namespace uvic {
namespace {

const double kLn2 = std::log(2.0);

HeadRows rows_of(const std::vector<double>& weights, const std::vector<int64_t>& groups,
                 bool sums_to_one = true) {
  const auto N = int64_t(groups.size());
  HeadRows rows(N);
  rows.add(weights.data(), 0, int64_t(weights.size()) / N, groups.data(), sums_to_one);
  return rows;
}

TEST(HeadRows, CountsAndSumsByHand) {
  // Time, corner, patch; the last row has an exact zero.
  const HeadRows rows = rows_of({0.5, -0.25, -0.25,  //
                                 0.25, 0.25, 0.5,    //
                                 0.5, -0.5, 0},
                                {1, 4, 5});
  EXPECT_EQ(rows.rows, 3);
  EXPECT_DOUBLE_EQ(rows.negative_count, 2. / 3 + 0 + 1. / 3);
  EXPECT_DOUBLE_EQ(rows.negative_mass, 0.5 + 0 + 0.5);
  EXPECT_DOUBLE_EQ(rows.row_sum, 0 + 1 + 0);
  EXPECT_DOUBLE_EQ(rows.mass, 3);
  EXPECT_NEAR(rows.entropy, 1.5 * kLn2 + 1.5 * kLn2 + kLn2, 1e-14);
  // Moved up: 0.75, 0, 0; as it was; 1, 0, 0.5, of which a third is the last.
  EXPECT_NEAR(rows.entropy_shifted, 0 + 1.5 * kLn2 + (std::log(3.0) - 2. / 3 * kLn2), 1e-14);
  EXPECT_EQ(rows.incoming, (std::vector<double>{1.25, 1, 0.75}));
  EXPECT_EQ(rows.incoming_signed, (std::vector<double>{1.25, -0.5, 0.25}));
  EXPECT_DOUBLE_EQ(rows.between[4][5], 0.5);
  EXPECT_DOUBLE_EQ(rows.between[5][4], 0.5);
  EXPECT_EQ(rows.queries[1], 1);
  EXPECT_EQ(rows.queries[0], 0);
}

TEST(HeadRows, RowsThatDoNotSumToOneAreDividedForShares) {
  const HeadRows rows = rows_of({2, -1, -1}, {1, 5, 5}, /*sums_to_one=*/false);
  EXPECT_DOUBLE_EQ(rows.negative_mass, 0.5);
  EXPECT_DOUBLE_EQ(rows.mass, 4);
  EXPECT_DOUBLE_EQ(rows.row_sum, 0);
  EXPECT_NEAR(rows.entropy, 1.5 * kLn2, 1e-14);
  const HeadRows nothing = rows_of({0, 0, 0}, {1, 5, 5}, /*sums_to_one=*/false);
  EXPECT_EQ(nothing.entropy, 0);
  EXPECT_EQ(nothing.entropy_shifted, 0);
}

TEST(TokenGroups, InOrder) {
  ModelOptions model;
  model.img_size = {6};
  model.patch_size = 2;
  model.num_classes = 3;
  model.num_clip_token = 4;
  const at::Tensor groups =
      token_groups(model, 2, at::tensor({5, 6, 9, 9, 5, 6, 7, 8}, at::kLong).view({2, 4}));
  using enum TokenGroup;
  const std::vector<TokenGroup> first = {kLabel,  kTime,  kText,  kText,  kText,   kPadding, kCorner, kPatch,
                                         kCorner, kPatch, kPatch, kPatch, kCorner, kPatch,   kCorner};
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(groups[0][int64_t(i)].item<int64_t>(), int64_t(first[i])) << i;
  }
  EXPECT_EQ(groups[1][5].item<int64_t>(), int64_t(kText)) << "no two equal ids end that row";
  EXPECT_EQ(token_name(model, 0), "label");
  EXPECT_EQ(token_name(model, 1), "time");
  EXPECT_EQ(token_name(model, 5), "text 3");
  EXPECT_EQ(token_name(model, 6), "patch 0,0 (corner)");
  EXPECT_EQ(token_name(model, 10), "patch 1,1");
}

}  // namespace
}  // namespace uvic
