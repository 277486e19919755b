#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "inspect/attention_maps.h"
#include "inspect/drawing.h"
#include "inspect/heat_map.h"

namespace uvic {
namespace {

using at::Tensor;

TEST(ColourScale, IsBlueBelowZeroWhiteThereRedAbove) {
  const auto scale =
      ColourScale::around(at::tensor({-0.5, 0.25, double(NAN)}, at::kDouble), /*is_signed=*/true);
  EXPECT_DOUBLE_EQ(scale.low, -0.5);
  EXPECT_DOUBLE_EQ(scale.high, 0.5);
  EXPECT_EQ(scale.colour(0), cv::Scalar(255, 255, 255));
  const cv::Scalar below = scale.colour(-0.5), above = scale.colour(0.5);
  EXPECT_GT(below[2], below[0]);
  EXPECT_GT(above[0], above[2]);
  EXPECT_EQ(scale.colour(-9), below);
  EXPECT_NE(scale.colour(NAN), scale.colour(0));
}

TEST(HeatMap, DrawsEachCellInItsColour) {
  const HeatMap map{.title = "t",
                    .rows_title = "block",
                    .columns_title = "head",
                    .rows = {"a", "b"},
                    .columns = {"0", "1", "2"},
                    .values = at::tensor({0., 1., 2., 3., 4., 5.}, at::kDouble).view({2, 3})};
  const Tensor picture = draw_heat_map(map);
  ASSERT_EQ(picture.size(0), 3);
  // The largest value's colour is there in the cell and at the top of the bar.
  const auto count = [&](const cv::Scalar& colour) {
    Tensor same = at::ones({picture.size(1), picture.size(2)}, at::kBool);
    for (int c = 0; c < 3; ++c) same = same & picture[c].eq(int64_t(std::lround(colour[c])));
    return same.sum().item<int64_t>();
  };
  EXPECT_GT(count({253, 231, 37}), 1000);
  EXPECT_GT(count({68, 1, 84}), 1000);
}

TEST(AttentionMaps, ShowOnePatchRedAndOneBlue) {
  ModelOptions model;
  model.img_size = {8};
  model.patch_size = 2;
  QueryWeights weights;
  Tensor w = at::zeros({1, model.num_tokens()}, at::kDouble);
  w[0][model.extras() + 3] = 0.5;
  w[0][model.extras() + 12] = -0.5;
  weights.kinds = {AttentionKind::kCog};
  weights.weights = {w};
  const Tensor picture =
      draw_attention_maps(model, weights, model.extras(), at::full({1, 8, 8}, 255, at::kByte), "t");
  const Tensor red = picture[0].eq(178) & picture[2].eq(43), blue = picture[0].eq(33) & picture[2].eq(172);
  EXPECT_GT(red.sum().item<int64_t>(), 26 * 26 / 2);
  EXPECT_GT(blue.sum().item<int64_t>(), 26 * 26 / 2);
}

}  // namespace
}  // namespace uvic
