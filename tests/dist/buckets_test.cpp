#include "dist/buckets.h"

#include <gtest/gtest.h>

#include "support/support.h"
#include "support/thread_world.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::run_ranks;

std::vector<Tensor> parameters() {
  std::vector<Tensor> made;
  for (const int64_t size : {3, 5, 7, 2}) made.push_back(at::ones({size}).requires_grad_());
  return made;
}

// The loss of a rank: the last parameter takes no part.
Tensor loss(const std::vector<Tensor>& p, double factor) {
  return factor * (p[0].sum() + 2 * p[1].sum() + (p[2] * at::arange(7)).sum());
}

TEST(Buckets, HoldTheLastParametersFirstAndEqualParts) {
  const auto buckets = make_buckets(parameters(), 10 * 4, 4);
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0].members, (std::vector<size_t>{3, 2}));
  EXPECT_EQ(buckets[0].offsets, (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(buckets[0].numel, 12);  // 9, in four parts
  EXPECT_EQ(buckets[1].members, (std::vector<size_t>{1, 0}));
  EXPECT_EQ(make_buckets(parameters(), 1, 1).size(), 4U);  // each larger than a bucket
}

TEST(Buckets, SumTheGradientsOfTheLastBackward) {
  for (const int64_t bytes : {int64_t{1}, int64_t{40}, kBucketBytes}) {
    run_ranks(2, [&](const World& world) {
      const auto p = parameters();
      GradientBuckets buckets(world, p, /*scatter=*/false, bytes);
      for (int step = 0; step < 2; ++step) {
        for (const auto& one : p) one.mutable_grad() = Tensor();
        loss(p, 1).backward();  // a first micro-batch
        buckets.begin();
        loss(p, world.rank() + 1).backward();
        buckets.finish();
        // (1 + 1) + (1 + 2) times the derivative
        EXPECT_TRUE(at::equal(p[0].grad(), at::full({3}, 5.0F)));
        EXPECT_TRUE(at::equal(p[1].grad(), at::full({5}, 10.0F)));
        EXPECT_TRUE(at::equal(p[2].grad(), at::arange(7).to(at::kFloat) * 5));
        EXPECT_TRUE(at::equal(p[3].grad(), at::zeros({2})));
      }
    });
  }
}

TEST(Buckets, ScatteredSumsAreTheParts) {
  std::array<std::vector<Tensor>, 3> parts;
  run_ranks(3, [&](const World& world) {
    const auto p = parameters();
    GradientBuckets buckets(world, p, /*scatter=*/true, 40);
    buckets.begin();
    loss(p, world.rank() + 1).backward();
    buckets.finish();
    EXPECT_FALSE(p[0].grad().defined());
    for (const Tensor& part : buckets.parts()) parts[size_t(world.rank())].push_back(part.clone());
  });
  const Tensor first = at::cat({parts[0][0], parts[1][0], parts[2][0]});
  EXPECT_TRUE(at::equal(first.narrow(0, 2, 7), at::arange(7).to(at::kFloat) * 6));
  EXPECT_TRUE(at::equal(first.narrow(0, 0, 2), at::zeros({2})));
}

TEST(Buckets, HooksGoWithThem) {
  run_ranks(2, [](const World& world) {
    const auto p = parameters();
    { const GradientBuckets gone(world, p, false); }
    loss(p, 1).backward();
    EXPECT_TRUE(at::equal(p[0].grad(), at::ones({3})));
  });
}

}  // namespace
}  // namespace uvic
