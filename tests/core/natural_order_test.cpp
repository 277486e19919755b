#include "core/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace uvic {
namespace {

TEST(NaturalOrder, DigitsCompareAsNumbersAllElseAsBytes) {
  const std::vector<std::string> ordered = {
      "",  "0", "1",  "02",   "2",     "9",   "10", "99999999999999999999", "100000000000000000000",
      "A", "a", "a1", "a2b3", "a2b20", "a10", "b"};
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j)
      EXPECT_EQ(natural_less(ordered[i], ordered[j]), i < j) << ordered[i] << " | " << ordered[j];
  }
}

TEST(NaturalOrder, WhatCountsTheSameIsOrderedByItsBytes) {
  EXPECT_TRUE(natural_less("x07", "x7"));
  EXPECT_FALSE(natural_less("x7", "x07"));
  EXPECT_TRUE(natural_less("x7", "x07b"));
  EXPECT_TRUE(natural_less("z", "\xC3\xA9"));
}

}  // namespace
}  // namespace uvic
