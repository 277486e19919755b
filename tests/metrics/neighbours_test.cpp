#include "metrics/neighbours.h"

#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "metrics/density_coverage.h"
#include "metrics/precision_recall.h"
#include "support/support.h"

namespace uvic {
namespace {

at::Tensor column(std::vector<double> values) {
  return at::tensor(values, at::kDouble).unsqueeze(1);
}
at::Tensor golden(const std::string& name) {
  return load_safetensors(testing::fixture("fid_features.safetensors")).tensors.at("features_" + name);
}
PrecisionRecall precision_recall_at(const at::Tensor& a, const at::Tensor& b, int64_t k) {
  return precision_recall(a, b, nearest_distances(a, k).select(1, k - 1),
                          nearest_distances(b, k).select(1, k - 1));
}
DensityCoverage density_coverage_at(const at::Tensor& a, const at::Tensor& b, int64_t k) {
  return density_coverage(a, b, nearest_distances(b, k).select(1, k - 1), k);
}

TEST(Neighbours, NearestOthersOnALine) {
  const at::Tensor nearest = nearest_distances(column({0, 1, 3, 7}), 2);
  EXPECT_LT(testing::max_abs_error(nearest,
                                   at::tensor({1., 9., 1., 4., 4., 9., 16., 36.}, at::kDouble).view({4, 2})),
            1e-12);
  EXPECT_THROW(nearest_distances(column({0, 1}), 2), c10::Error);
}

TEST(Neighbours, BlocksCoverAllRows) {
  at::manual_seed(1);
  const at::Tensor a = at::randn({700, 3}), b = at::randn({20000, 3});  // two blocks
  int64_t rows = 0, blocks = 0;
  for_each_distance_block(a, b, [&](int64_t first, const at::Tensor& squared) {
    EXPECT_EQ(first, rows);
    rows += squared.size(0);
    ++blocks;
    const at::Tensor row = (b - a[first]).to(at::kDouble).square().sum(1);
    EXPECT_LT(testing::max_abs_error(squared[0], row), 1e-5);
  });
  EXPECT_EQ(rows, 700);
  EXPECT_EQ(blocks, 2);
}

// Real: 0, 1, 3, 7 with radii 1, 1, 2, 4 at k = 1. Generated: 0.5, 0.6, 20 with radii 0.1, 0.1, 19.4.
TEST(Neighbours, FourScoresByHand) {
  const at::Tensor real = column({0, 1, 3, 7}), generated = column({0.5, 0.6, 20});
  const auto [precision, recall] = precision_recall_at(generated, real, 1);
  EXPECT_DOUBLE_EQ(precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(recall, 3.0 / 4);  // the ball of 20 reaches down to 0.6
  const auto [density, coverage] = density_coverage_at(generated, real, 1);
  EXPECT_DOUBLE_EQ(density, 4.0 / 3);   // 0.5 and 0.6 in the balls of 0 and of 1
  EXPECT_DOUBLE_EQ(coverage, 2.0 / 4);  // 3 and 7 hold none
}

TEST(Neighbours, CopiesAreInEachOthersBalls) {
  const at::Tensor rows = golden("A").to(at::kFloat) * 1000 + 5000;
  EXPECT_EQ(precision_recall_at(rows, rows, 3).precision, 1);
  EXPECT_EQ(precision_recall_at(rows, rows, 3).recall, 1);
  EXPECT_EQ(density_coverage_at(rows, rows, 5).coverage, 1);
}

// The numbers are those of the published code of density and coverage, `prdc` 0.2.
TEST(Neighbours, EqualThePublishedCode) {
  const at::Tensor generated = golden("A") * 0.8, real = golden("B");
  const auto [precision, recall] = precision_recall_at(generated, real, 3);
  EXPECT_DOUBLE_EQ(precision, 0.52);
  EXPECT_DOUBLE_EQ(recall, 0.61);
  const auto [density, coverage] = density_coverage_at(generated, real, 5);
  EXPECT_DOUBLE_EQ(density, 0.4625);
  EXPECT_DOUBLE_EQ(coverage, 0.8533333333333334);
}

}  // namespace
}  // namespace uvic
