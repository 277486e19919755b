#include "report/curve.h"

#include <algorithm>
#include <cmath>

namespace uvic {
namespace {

constexpr size_t kFewPoints = 40;

void append(std::vector<Point>& points, const Point& point) {
  if (points.empty() || points.back().step < point.step) points.push_back(point);
}

}  // namespace

Curve::Bucket Curve::joined(const Bucket& a, const Bucket& b) {
  return {.low = b.low.value < a.low.value ? b.low : a.low,
          .high = b.high.value > a.high.value ? b.high : a.high,
          .begin = a.begin,
          .end = b.end,
          .sum = a.sum + b.sum,
          .count = a.count + b.count};
}

void Curve::add(int64_t step, double value) {
  if (step <= last_step_) return;
  last_step_ = step;
  if (!std::isfinite(value)) {
    ++not_finite_;
    return;
  }
  last_ = {step, value};
  if (count_++ == 0) first_ = last_;
  const Bucket alone{last_, last_, step, step, value, 1};
  if (!buckets_.empty() && buckets_.back().count < width_) {
    buckets_.back() = joined(buckets_.back(), alone);
    return;
  }
  if (buckets_.size() == 2 * most_) {
    for (size_t i = 0; i < most_; ++i) buckets_[i] = joined(buckets_[2 * i], buckets_[2 * i + 1]);
    buckets_.resize(most_);
    width_ *= 2;
  }
  buckets_.push_back(alone);
}

std::vector<Point> Curve::points() const {
  std::vector<Point> points;
  if (count_ == 0) return points;
  append(points, first_);
  for (const Bucket& bucket : buckets_) {
    append(points, std::min(bucket.low, bucket.high, [](auto& a, auto& b) { return a.step < b.step; }));
    append(points, std::max(bucket.low, bucket.high, [](auto& a, auto& b) { return a.step < b.step; }));
  }
  append(points, last_);
  return points;
}

std::vector<Point> Curve::trend() const {
  std::vector<Point> points;
  if (count_ < kFewPoints) return points;
  const auto size = int64_t(buckets_.size());
  const int64_t reach = std::max<int64_t>(size / 20, 1);
  for (int64_t i = 0; i < size; ++i) {
    double sum = 0, place = 0, weight = 0;
    // At the ends a window of one side: its mean belongs to the middle of what it is over.
    for (int64_t j = std::max<int64_t>(i - reach, 0); j <= std::min(i + reach, size - 1); ++j) {
      const Bucket& bucket = buckets_[size_t(j)];
      const double share = double(reach + 1 - std::abs(i - j)),
                   middle = 0.5 * double(bucket.begin + bucket.end);
      sum += share * bucket.sum;
      place += share * double(bucket.count) * middle;
      weight += share * double(bucket.count);
    }
    points.push_back({std::llround(place / weight), sum / weight});
  }
  return points;
}

std::optional<Point> Curve::last() const {
  return count_ == 0 ? std::nullopt : std::optional(last_);
}

std::optional<Point> Curve::least() const {
  if (count_ == 0) return std::nullopt;
  return std::min_element(buckets_.begin(), buckets_.end(),
                          [](auto& a, auto& b) { return a.low.value < b.low.value; })
      ->low;
}

}  // namespace uvic
