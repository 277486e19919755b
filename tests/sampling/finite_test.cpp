#include "sampling/finite.h"

#include <gtest/gtest.h>

#include <limits>

#include "io/grid.h"

namespace uvic {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

at::Tensor batch(const std::vector<float>& one_value_of_each) {
  at::Tensor images = at::full({int64_t(one_value_of_each.size()), 1, 2, 2}, 0.5F);
  for (size_t i = 0; i < one_value_of_each.size(); ++i)
    images[int64_t(i)].flatten()[3].fill_(one_value_of_each[i]);
  return images;
}

TEST(FiniteCheck, CountsAndNamesTheFirst) {
  FiniteCheck check({9, 17, 3, 4, 8, 2});
  EXPECT_FALSE(check.any_bad());
  check.add(batch({0, -1}));
  EXPECT_FALSE(check.any_bad() || check.all_bad());
  const at::Tensor good = check.add(batch({kInf, 0, kNan}));
  EXPECT_TRUE(at::equal(good, at::tensor({0, 1, 0}).to(at::kBool)));
  EXPECT_EQ(check.bad(), (std::vector<int64_t>{3, 8}));
  EXPECT_EQ(check.made(), 5U);
  EXPECT_FALSE(check.all_bad());
  EXPECT_EQ(
      check.text(InferencePrecision::kFp32, "--precision"),
      "2 of 5 images hold values that are not finite (NaN or infinity), the first of seed 3; the other 1 "
      "were not made");
}

TEST(FiniteCheck, AllOfThem) {
  FiniteCheck check({0, 1, 2, 3});
  check.add(batch({kNan, -kInf, kNan, kNan}));
  EXPECT_TRUE(check.all_bad());
  EXPECT_EQ(
      check.text(InferencePrecision::kBf16, "--precision"),
      "all 4 images hold values that are not finite (NaN or infinity), the first of seed 0; try --precision "
      "fp32");
}

TEST(FiniteCheck, APictureOfOneIsBlackAndTheOthersAreAsEver) {
  const at::Tensor images = batch({kInf, 0.25, kNan}), pictures = to_pictures(images);
  EXPECT_EQ(pictures.scalar_type(), at::kByte);
  EXPECT_EQ(pictures[0].max().item<int>(), 0);
  EXPECT_EQ(pictures[2].max().item<int>(), 0);
  EXPECT_TRUE(at::equal(pictures[1], to_uint8(images[1])));
}

}  // namespace
}  // namespace uvic
