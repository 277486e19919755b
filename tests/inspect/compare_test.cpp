#include "inspect/compare.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "inspect/text_table.h"

namespace uvic {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(Compare, PairsImages) {
  const at::Tensor a = at::tensor({1., 2., 4., 7.}, at::kDouble),
                   b = at::tensor({0., 2., 1., kNone}, at::kDouble);
  const MeasureDifference d = paired_difference(a, b);
  EXPECT_DOUBLE_EQ(d.a, 7. / 3);
  EXPECT_DOUBLE_EQ(d.b, 1);
  EXPECT_DOUBLE_EQ(d.difference, 4. / 3);
  EXPECT_NEAR(d.error, std::sqrt(7. / 3) / std::sqrt(3.), 1e-12) << "of 1, 0 and 3";
  EXPECT_TRUE(std::isnan(paired_difference(a.slice(0, 0, 1), b.slice(0, 0, 1)).error)) << "of one image";
}

Measures constant(double value, int64_t blocks) {
  Measures measures;
  measures.blocks = blocks;
  for (int64_t block = 0; block < blocks; ++block) {
    LayerMeasures layer;
    layer.heads = at::full({3, 2, kHeadMeasures}, value + double(block), at::kDouble);
    measures.layers.push_back(layer);
  }
  measures.output = at::zeros({3, kOutputMeasures}, at::kDouble);
  return measures;
}

TEST(Compare, MeansOverBlocksAndEachBlock) {
  const NetworkComparison same = compare(constant(1, 2), constant(0, 2));
  ASSERT_EQ(same.layers.size(), 2U);
  EXPECT_DOUBLE_EQ(same.all[kEntropy].a, 1.5);
  EXPECT_DOUBLE_EQ(same.all[kEntropy].difference, 1);
  EXPECT_DOUBLE_EQ(same.layers[1][kEntropy].a, 2);
  const NetworkComparison other = compare(constant(1, 3), constant(0, 2));
  EXPECT_TRUE(other.layers.empty()) << "blocks of networks of different depths do not pair";
  EXPECT_DOUBLE_EQ(other.all[kEntropy].a, 2);
}

TEST(TextTable, AlignsAndShortens) {
  TextTable table({"block", "a"});
  table.add({"x", cell(0.12345)});
  table.add({"long name", cell(kNone)});
  EXPECT_EQ(table.text(),
            "block          a\n"
            "x          0.123\n"
            "long name      -\n");
  EXPECT_EQ(cell(0), "0.000");
  EXPECT_EQ(cell(0.00012), "1.2e-04");
  EXPECT_EQ(cell(12.345), "12.3");
  EXPECT_EQ(cell(-1234.5), "-1234");
  EXPECT_EQ(cell(1, 0.5), "1.000 +- 0.500");
  EXPECT_EQ(cell(1, kNone), "1.000");
}

}  // namespace
}  // namespace uvic
