// Axes and their ticks.
#include "report/scale.h"

#include <gtest/gtest.h>

namespace uvic {
namespace {

std::vector<std::string> labels(const Scale& scale) {
  std::vector<std::string> labels;
  for (const Tick& tick : ticks_of(scale)) labels.push_back(tick.label);
  return labels;
}

TEST(Scale, ALinearOneBeginsAndEndsAtRoundNumbers) {
  const Scale scale = linear_scale(0.13, 0.87);
  EXPECT_EQ(labels(scale), (std::vector<std::string>{"0", "0.2", "0.4", "0.6", "0.8", "1"}));
  EXPECT_DOUBLE_EQ(scale.place(0.5), 0.5);
}

TEST(Scale, AConstantLiesInTheMiddle) {
  for (const double value : {0.0, 0.3, -7.0}) {
    const Scale scale = linear_scale(value, value);
    EXPECT_NEAR(scale.place(value), 0.5, 0.26) << value;
    EXPECT_GE(ticks_of(scale).size(), 2) << value;
  }
}

TEST(Scale, ALogarithmicOneHasTicksOverOneDecadeAndOverTwelve) {
  const Scale narrow = log_scale(0.1, 0.3), wide = log_scale(1e-6, 1e6);
  EXPECT_GE(ticks_of(narrow).size(), 3);
  EXPECT_LE(ticks_of(wide).size(), 8);
  EXPECT_NEAR(wide.place(1), 0.5, 1e-9);
  EXPECT_GT(narrow.place(0.1), 0);
  EXPECT_LT(narrow.place(0.3), 1);
}

TEST(Scale, NumbersAreShort) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.012346), "0.01235");
  EXPECT_EQ(short_number(-1500), "-1500");
  EXPECT_EQ(short_number(25000), "25 k");
  EXPECT_EQ(short_number(3e6), "3 M");
  EXPECT_EQ(short_number(7.9e-8), "7.9e-08");
}

}  // namespace
}  // namespace uvic
