#include "core/seeds.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

using Seeds = std::vector<int64_t>;

TEST(Seeds, Parse) {
  EXPECT_EQ(parse_seeds("0"), Seeds{0});
  EXPECT_EQ(parse_seeds("5,6,1007"), (Seeds{5, 6, 1007}));
  EXPECT_EQ(parse_seeds("0-3,8"), (Seeds{0, 1, 2, 3, 8}));
  EXPECT_EQ(parse_seeds("7-7"), Seeds{7});
  EXPECT_EQ(parse_seeds("9,3-4,3,9"), (Seeds{9, 3, 4, 3, 9}));
  EXPECT_EQ(parse_seeds("4294967294-4294967295"), (Seeds{kMaxImageSeed - 1, kMaxImageSeed}));
  EXPECT_EQ(parse_seeds("0-99").size(), 100);
}

TEST(Seeds, WhatIsWrongIsNamed) {
  for (const char* text : {"", ",", "1,", ",1", "1,,2", "x", "1x", "-5", "5-", "1-2-3", "1.5", " 1", "1, 2",
                           "+1", "4294967296", "0-4294967296", "99999999999999999999"}) {
    EXPECT_THROW_WITH(parse_seeds(text), UsageError, "--seeds '" + std::string(text) + "': '");
    EXPECT_THROW_WITH(parse_seeds(text), UsageError,
                      "is not a seed; write whole numbers from 0 to 4294967295");
  }
  EXPECT_THROW_WITH(parse_seeds("1-x"), UsageError, "'x' is not a seed");
  EXPECT_THROW_WITH(parse_seeds("9-3"), UsageError, "9-3 runs backwards");
  EXPECT_THROW_WITH(parse_seeds("0-4294967295"), UsageError, "over 100000000 seeds");
}

TEST(Seeds, TextIsTheInverse) {
  EXPECT_EQ(seeds_text({}), "");
  EXPECT_EQ(seeds_text({0, 1, 2, 3, 8}), "0-3,8");
  for (const Seeds& seeds :
       {Seeds{5}, Seeds{5, 5}, Seeds{5, 4, 3}, Seeds{9, 3, 4, 3, 9}, Seeds{kMaxImageSeed}}) {
    EXPECT_EQ(parse_seeds(seeds_text(seeds)), seeds);
  }
}

TEST(Seeds, TheGeneratorIsLibTorchs) {
  for (const int64_t seed : {int64_t{0}, int64_t{1234}, kMaxImageSeed}) {
    at::Generator expected = at::detail::createCPUGenerator();
    expected.set_current_seed(static_cast<uint64_t>(seed));
    const at::Generator generator = image_generator(seed);
    for (int i = 0; i < 2; ++i) {  // the second draw is a solver's first noise
      EXPECT_TRUE(at::equal(at::randn({3, 28, 28}, generator), at::randn({3, 28, 28}, expected))) << seed;
    }
  }
}

TEST(Seeds, TheGeneratorIsPythons) {
  // torch.randn(3, generator=torch.Generator().manual_seed(0)) and 42, as Python prints them.
  EXPECT_LT(
      testing::max_abs_error(at::randn({3}, image_generator(0)), at::tensor({1.5410, -0.2934, -2.1788})),
      6e-5);
  EXPECT_LT(testing::max_abs_error(at::randn({3}, image_generator(42)), at::tensor({0.3367, 0.1288, 0.2345})),
            6e-5);
}

}  // namespace
}  // namespace uvic
