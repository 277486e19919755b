#include "metrics/kernel_distance.h"

#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "metrics/inception_score.h"
#include "support/support.h"

namespace uvic {
namespace {

at::Tensor golden(const std::string& name) {
  return load_safetensors(testing::fixture("fid_features.safetensors")).tensors.at("features_" + name);
}

// D = 1: k(x, y) = (x y + 1)^3. x = {0, 1}, y = {1, 2}: 1 + 27 - 2 (1 + 1 + 8 + 27) / 4.
TEST(KernelDistance, ByHand) {
  const at::Tensor x = at::tensor({0.0F, 1.0F}).view({2, 1}), y = at::tensor({1.0F, 2.0F}).view({2, 1});
  EXPECT_DOUBLE_EQ(kernel_distance(x, y, 3).mean, 1 + 27 - 37.0 / 2);
  EXPECT_THROW(kernel_distance(x, y.narrow(0, 0, 1)), c10::Error);
}

TEST(KernelDistance, EqualsCleanFidsFormula) {
  const auto result = kernel_distance(golden("A").narrow(0, 0, 300), golden("B"), 2);  // all rows: no chance
  EXPECT_NEAR(result.mean, 0.34835933866673374, 1e-12);                                // by numpy
  EXPECT_FALSE(result.standard_error.has_value()) << "one subset says nothing of others";
  EXPECT_EQ(result.subsets, 1);
  EXPECT_EQ(result.subset_size, 300);
  // Where one side alone is whole the other's subsets differ.
  EXPECT_GT(kernel_distance(golden("A"), golden("B"), 5).standard_error.value(), 0);
}

TEST(KernelDistance, SubsetsEstimateTheWholeAndSayHowWell) {
  const at::Tensor a = golden("A").narrow(0, 0, 300), b = golden("B");
  const auto result = kernel_distance(a, b, 100, 100);
  EXPECT_EQ(result.subset_size, 100);
  EXPECT_GT(result.standard_error.value(), 0);
  EXPECT_NEAR(result.standard_error.value(), result.deviation / std::sqrt(99.0), 1e-15);
  EXPECT_NEAR(result.mean, 0.34835933866673374, 4 * result.standard_error.value());
  EXPECT_EQ(kernel_distance(a, b, 100, 100).mean, result.mean);
  EXPECT_NE(kernel_distance(a, b, 100, 100, /*seed=*/1).mean, result.mean);
}

TEST(InceptionScore, ByHand) {
  // Sure of one of four classes, all equally often: 4. Never sure: 1. Two splits of one class each: 1.
  const at::Tensor sure = at::eye(4).repeat({10, 1});
  EXPECT_NEAR(inception_score(sure).mean, 4, 1e-12);
  EXPECT_NEAR(inception_score(sure).deviation, 0, 1e-12);
  EXPECT_NEAR(inception_score(at::full({20, 4}, 0.25)).mean, 1, 1e-12);
  EXPECT_NEAR(inception_score(at::eye(2).repeat_interleave(5, 0), 2).mean, 1, 1e-12);
  EXPECT_NEAR(inception_score(at::eye(2).repeat_interleave(5, 0), 1).mean, 2, 1e-12);
  EXPECT_THROW(inception_score(at::eye(4)), c10::Error);
}

TEST(InceptionScore, EqualsNumpy) {
  const auto result = inception_score((golden("A").narrow(1, 0, 10) * 3).softmax(1));
  EXPECT_NEAR(result.mean, 1.4193225529593012, 1e-12);
  EXPECT_NEAR(result.deviation, 0.05432493342840722, 1e-12);
}

}  // namespace
}  // namespace uvic
