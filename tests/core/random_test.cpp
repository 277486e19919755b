#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace uvic {
namespace {

constexpr uint64_t kSeed = 1234;
constexpr RandomStream kStreams[] = {RandomStream::kTime, RandomStream::kNoise, RandomStream::kLabelDrop,
                                     RandomStream::kFlip, RandomStream::kOrder, RandomStream::kLabel};

/// `count` normals of each of `indexes`, one index after another.
std::vector<float> normals(RandomStream stream, uint64_t first_index, size_t indexes, size_t count) {
  std::vector<float> values(indexes * count);
  for (size_t i = 0; i < indexes; ++i) {
    CounterRandom(kSeed, stream, first_index + i).fill_normal(std::span(values).subspan(i * count, count));
  }
  return values;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += double(a[i]) * a[i];
    bb += double(b[i]) * b[i];
    ab += double(a[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

// Expected values of the pinned draws: a Python Philox 4x32-10, checked against Random123's known answers. A
// change here changes what every resumed run sees.
TEST(Random, PinnedUniforms) {
  const float expected[][3] = {{10441385, 15348367, 8456091}, {1525041, 8381280, 2705343},
                               {3805455, 3636463, 7454584},   {1987334, 16508339, 5652786},
                               {6529340, 2956342, 15694940},  {16073277, 3339767, 15046547}};
  for (size_t s = 0; s < std::size(kStreams); ++s) {
    CounterRandom random(kSeed, kStreams[s], 0);
    for (const float value : expected[s]) EXPECT_EQ(random.uniform(), value * 0x1p-24F) << s;
  }
  EXPECT_EQ(CounterRandom(kSeed, RandomStream::kTime, (uint64_t{1} << 40) + 5).uniform(),
            15185666 * 0x1p-24F);
  EXPECT_EQ(CounterRandom((uint64_t{1} << 63) + 9, RandomStream::kTime, 0).uniform(), 8806486 * 0x1p-24F);
}

TEST(Random, PinnedNormalsIntegersAndPermutations) {
  const double expected[] = {-1.1648856324578407, 0.5427233943022427, 0.872306354555776, 0.8721685707847447,
                             -1.3091735470031043};
  std::vector<float> values(5);
  CounterRandom(kSeed, RandomStream::kNoise, 7).fill_normal(values);
  for (size_t i = 0; i < 5; ++i) EXPECT_FLOAT_EQ(values[i], float(expected[i]));

  CounterRandom random(kSeed, RandomStream::kLabel, 3);
  for (const uint64_t value : {687, 330, 802, 517, 506, 775}) EXPECT_EQ(random.below(1000), value);

  EXPECT_EQ(permutation(kSeed, 0, 10), (std::vector<int64_t>{6, 3, 2, 4, 0, 5, 1, 8, 7, 9}));
  EXPECT_EQ(permutation(kSeed, 1, 10), (std::vector<int64_t>{6, 7, 5, 4, 3, 2, 8, 1, 9, 0}));
}

TEST(Random, UniformsAreUniform) {
  constexpr int kDraws = 1'000'000;
  CounterRandom random(kSeed, RandomStream::kTime, 1);
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const float x = random.uniform();
    ASSERT_TRUE(0 <= x && x < 1) << x;
    sum += x;
    squares += double(x) * x;
  }
  EXPECT_NEAR(sum / kDraws, 1.0 / 2, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kDraws));
}

TEST(Random, NormalsAreNormal) {
  const auto values = normals(RandomStream::kNoise, 0, 1000, 1000);
  const double n = double(values.size());
  double moments[5] = {};
  for (const float x : values) {
    ASSERT_LE(std::abs(x), 6.7);
    for (int k = 1; k <= 4; ++k) moments[k] += std::pow(double(x), k) / n;
  }
  // The variances of x, x^2, x^3, x^4: 1, 2, 15, 96.
  EXPECT_NEAR(moments[1], 0, 5 * std::sqrt(1 / n));
  EXPECT_NEAR(moments[2], 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(moments[3], 0, 5 * std::sqrt(15 / n));
  EXPECT_NEAR(moments[4], 3, 5 * std::sqrt(96 / n));
}

TEST(Random, AnOddCountIsAPrefix) {
  const auto seven = normals(RandomStream::kNoise, 3, 1, 7), eight = normals(RandomStream::kNoise, 3, 1, 8);
  EXPECT_TRUE(std::equal(seven.begin(), seven.end(), eight.begin()));
  EXPECT_TRUE(normals(RandomStream::kNoise, 3, 1, 0).empty());
}

TEST(Random, StreamsIndexesAndSeedsAreIndependent) {
  const auto noise = normals(RandomStream::kNoise, 0, 1000, 100);
  const double bound = 5 / std::sqrt(double(noise.size()));
  for (const RandomStream stream : kStreams) {
    if (stream == RandomStream::kNoise) continue;
    EXPECT_LT(std::abs(correlation(noise, normals(stream, 0, 1000, 100))), bound);
  }
  EXPECT_LT(std::abs(correlation(noise, normals(RandomStream::kNoise, 1, 1000, 100))), bound);
  std::vector<float> other(noise.size());
  for (size_t i = 0; i < 1000; ++i) {
    CounterRandom(kSeed + 1, RandomStream::kNoise, i).fill_normal(std::span(other).subspan(i * 100, 100));
  }
  EXPECT_LT(std::abs(correlation(noise, other)), bound);
}

TEST(Random, BelowStaysBelowAndIsEven) {
  CounterRandom random(kSeed, RandomStream::kLabel, 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0);
  for (const uint64_t bound : {uint64_t{3}, (uint64_t{1} << 63) + 1, UINT64_MAX}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(random.below(bound), bound);
  }
  int counts[7] = {};
  constexpr int kDraws = 70'000;
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 7, 5 * std::sqrt(kDraws * 6.0 / 49));
}

TEST(Random, PermutationHoldsEachOnce) {
  for (const int64_t n : {0, 1, 2, 37, 60000}) {
    auto order = permutation(kSeed, 3, n);
    std::sort(order.begin(), order.end());
    std::vector<int64_t> expected(static_cast<size_t>(n));
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
  }
  EXPECT_NE(permutation(kSeed, 0, 37), permutation(kSeed, 1, 37));
  EXPECT_NE(permutation(kSeed, 0, 37), permutation(kSeed + 1, 0, 37));
}

TEST(Random, PermutationsAreEven) {
  int counts[5][5] = {};  // [position][value]
  constexpr int kEpochs = 20'000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = permutation(kSeed, uint64_t(epoch), 5);
    for (size_t i = 0; i < 5; ++i) ++counts[i][order[i]];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kEpochs / 5, 5 * std::sqrt(kEpochs * 0.16));
  }
}

}  // namespace
}  // namespace uvic
