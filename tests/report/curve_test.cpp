// Curves of any length, thinned.
#include "report/curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace uvic {
namespace {

TEST(Curve, AShortOneComesOutAsItWentIn) {
  Curve curve(4);
  const std::vector<Point> points = {{1, 3}, {2, -1}, {5, 2}, {9, 2}};
  for (const Point& point : points) curve.add(point.step, point.value);
  EXPECT_EQ(curve.points(), points);
  EXPECT_TRUE(curve.trend().empty());
  EXPECT_EQ(*curve.least(), (Point{2, -1}));
  EXPECT_EQ(*curve.last(), (Point{9, 2}));
}

TEST(Curve, KeepsExtremesAndEndsOfAMillionPoints) {
  Curve curve(300);
  for (int64_t step = 1; step <= 1000000; ++step) {
    curve.add(step, step == 123457 ? 50 : step == 765432 ? -50 : std::sin(double(step)));
  }
  const auto points = curve.points();
  EXPECT_EQ(curve.size(), 1000000);
  EXPECT_GE(points.size(), 300);
  EXPECT_LE(points.size(), 1202);
  EXPECT_NE(std::find(points.begin(), points.end(), Point{123457, 50}), points.end());
  EXPECT_NE(std::find(points.begin(), points.end(), Point{765432, -50}), points.end());
  EXPECT_EQ(points.front().step, 1);
  EXPECT_EQ(points.back().step, 1000000);
  EXPECT_TRUE(std::is_sorted(points.begin(), points.end(), [](auto& a, auto& b) { return a.step < b.step; }));
}

TEST(Curve, ItsTrendGoesThroughTheMeansAndDoesNotLag) {
  Curve curve(50);
  for (int64_t step = 0; step < 5000; ++step)
    curve.add(step, 2 * double(step) + (step % 2 == 0 ? 500 : -500));
  for (const Point& point : curve.trend()) EXPECT_NEAR(point.value, 2 * double(point.step), 2);
}

TEST(Curve, AStepCountsOnceAndWhatIsNotFiniteIsCounted) {
  Curve curve;
  curve.add(1, 1);
  curve.add(2, NAN);
  curve.add(2, 7);  // of a run that went back, say
  curve.add(1, 7);
  curve.add(3, INFINITY);
  EXPECT_EQ(curve.points(), (std::vector<Point>{{1, 1}}));
  EXPECT_EQ(curve.not_finite(), 2);
  EXPECT_FALSE(Curve().last().has_value());
  EXPECT_FALSE(Curve().least().has_value());
  EXPECT_TRUE(Curve().points().empty());
}

}  // namespace
}  // namespace uvic
