#include "data/order.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/random.h"

namespace uvic {
namespace {

TEST(DataOrder, FollowsThePermutationOfEachEpoch) {
  const DataOrder order(11, 37);
  for (const int64_t epoch : {0, 1, 9, 2, 0, 7, 5, 3, 1, 1'000'000'000}) {
    const auto expected = permutation(11, static_cast<uint64_t>(epoch), 37);
    for (int64_t i = 0; i < 37; ++i) EXPECT_EQ(order.index_at(epoch * 37 + i), expected[i]) << epoch;
  }
}

TEST(DataOrder, OneImage) {
  const DataOrder order(11, 1);
  for (int64_t g = 0; g < 20; ++g) EXPECT_EQ(order.index_at(g), 0);
}

TEST(DataOrder, NoImagesIsRefused) {
  EXPECT_ANY_THROW(DataOrder(11, 0));
}

TEST(DataOrder, IsThreadSafe) {
  const DataOrder shared(3, 50);
  std::vector<std::vector<int64_t>> seen(8);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < seen.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int64_t g = 0; g < 2000; ++g)
        seen[t].push_back(shared.index_at((g * 7 + int64_t(t) * 331) % 2000));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const DataOrder alone(3, 50);
  for (size_t t = 0; t < seen.size(); ++t) {
    for (int64_t g = 0; g < 2000; ++g) {
      ASSERT_EQ(seen[t][static_cast<size_t>(g)], alone.index_at((g * 7 + int64_t(t) * 331) % 2000));
    }
  }
}

}  // namespace
}  // namespace uvic
