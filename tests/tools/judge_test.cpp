// The judge itself, and what it says about the weights that ship.
#include <gtest/gtest.h>

#include "support/judge.h"
#include "support/process.h"

namespace uvic {
namespace {

using namespace uvic::testing;

at::Tensor normals(int64_t n, int64_t dimensions) {
  at::manual_seed(3);
  return at::randn({n, dimensions}, at::kDouble);
}

TEST(Frechet, OfGaussiansIsKnown) {
  const at::Tensor a = normals(4000, 5);
  EXPECT_NEAR(frechet_distance(Statistics(a), Statistics(a)), 0, 1e-9);
  EXPECT_NEAR(frechet_distance(Statistics(a), Statistics(a + 2)), 5 * 4, 1e-9);
  // Scaled by s: (s - 1)^2 tr C.
  const Statistics plain(a), scaled(a * 3);
  const double means = (plain.mean - scaled.mean).square().sum().item<double>();
  EXPECT_NEAR(frechet_distance(plain, scaled), means + 4 * plain.covariance.trace().item<double>(), 1e-9);
  const at::Tensor b = normals(4000, 5).matmul(normals(5, 5));
  EXPECT_NEAR(frechet_distance(Statistics(a), Statistics(b)), frechet_distance(Statistics(b), Statistics(a)),
              1e-8);
}

// Rank-deficient covariances, as dead features give.
TEST(Frechet, OfConstantFeatures) {
  const at::Tensor a = at::cat({normals(100, 3), at::zeros({100, 2}, at::kDouble)}, 1);
  EXPECT_NEAR(frechet_distance(Statistics(a), Statistics(a)), 0, 1e-9);
}

TEST(Judge, ItsClassifierKnowsTheRealTestImages) {
  const Judge judge(shipped_classifier());
  const auto test = fashion_mnist("t10k");
  const Verdict verdict = judge.judge(test);
  EXPECT_EQ(verdict.images, 10000);
  EXPECT_GE(verdict.accuracy, 0.88);
  EXPECT_NEAR(verdict.frechet_distance, 0, 1e-6);
  // It sees through wrong labels, and noise.
  EXPECT_LT(judge.judge({test.images, (test.labels + 1) % 10}).accuracy, 0.1);
  const LabelledImages noise{at::randint(256, {1000, 1, 28, 28}, at::kByte), at::arange(1000) % 10};
  EXPECT_LT(judge.judge(noise).accuracy, 0.2);
  EXPECT_GT(judge.judge(noise).frechet_distance, 100);
}

// The first 100 of the 1,000 images that README's table is of; of those 95.1 %.
TEST(Judge, TheWeightsThatShipAreWorthShipping) {
  const TemporaryDirectory folder;
  const std::string weights = UVIC_SOURCE "/assets/fashion_mnist_cog.safetensors";
  EXPECT_LT(std::filesystem::file_size(weights), 8'000'000);
  const auto dumped = run("uvic-fid dump --quiet --device cpu --checkpoint " + weights + " --num 100 --out " +
                          (folder / "dump").string());
  ASSERT_EQ(dumped.code, 0) << dumped.err;
  const Verdict verdict = Judge(shipped_classifier()).judge(read_dump(folder / "dump"));
  EXPECT_EQ(verdict.images, 100);
  EXPECT_GE(verdict.accuracy, 0.88);
}

TEST(Subset, HoldsTwoHundredOfEachClassOfTheRealSet) {
  const auto set = open_idx(UVIC_SOURCE "/assets/fashion_mnist_2k");
  ASSERT_EQ(set->size(), 2000);
  EXPECT_EQ(set->image_shape(), (ImageShape{1, 28, 28}));
  std::array<int, 10> counts{};
  for (int64_t i = 0; i < 2000; ++i) ++counts.at(size_t(set->label(i)));
  for (const int count : counts) EXPECT_EQ(count, 200);
  const auto real = fashion_mnist("train");
  EXPECT_TRUE(at::equal(set->image(0), real.images[0]));
  EXPECT_EQ(set->label(0), real.labels[0].item<int64_t>());
}

}  // namespace
}  // namespace uvic
