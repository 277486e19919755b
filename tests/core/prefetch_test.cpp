#include "core/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace uvic {
namespace {

TEST(Prefetch, ResultsComeInOrderWhateverTheWorkers) {
  for (const int64_t workers : {1, 4}) {
    Prefetch<int64_t> squares(
        [](int64_t i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
          return i * i;
        },
        3, 40, workers, 5);
    for (int64_t i = 3; i < 40; ++i) {
      EXPECT_FALSE(squares.done());
      EXPECT_EQ(squares.next(), i * i);
    }
    EXPECT_TRUE(squares.done());
  }
}

TEST(Prefetch, NoMoreThanTheCapacityIsPreparedAhead) {
  std::atomic<int64_t> begun = 0;
  Prefetch<int64_t> numbers([&](int64_t i) { return ++begun, i; }, 0, 1000, 2, 4);
  for (int64_t taken = 1; taken <= 20; ++taken) {
    numbers.next();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_LE(begun, taken + 4);
  }
}  // and ends although most are left

TEST(Prefetch, AnErrorComesInItsPlaceAndTheRestAfterIt) {
  Prefetch<int64_t> numbers(
      [](int64_t i) {
        if (i == 2) throw std::runtime_error("the third");
        return i;
      },
      0, 5, 2, 4);
  EXPECT_EQ(numbers.next(), 0);
  EXPECT_EQ(numbers.next(), 1);
  EXPECT_THROW(numbers.next(), std::runtime_error);
  EXPECT_EQ(numbers.next(), 3);
  EXPECT_EQ(numbers.next(), 4);
  EXPECT_TRUE(numbers.done());
}

}  // namespace
}  // namespace uvic
