// A curve of any length in bounded memory, for a picture of a few hundred pixels.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace uvic {

struct Point {
  int64_t step = 0;
  double value = 0;
  bool operator==(const Point&) const = default;
};

class Curve {
 public:
  /// Keeps its points in at most twice `buckets` runs of neighbours, of equal length but for the last.
  explicit Curve(size_t buckets = 300) : most_(buckets) {}

  /// A step that does not lie behind the last one is passed over, so that each counts once; a value that is
  /// not finite is counted and leaves no point.
  void add(int64_t step, double value);

  /// Of each run of neighbours the least and the largest value, and the first and last point of all: what was
  /// an extreme stays one, and up to `buckets` points come out as they went in.
  std::vector<Point> points() const;
  /// Means of the runs, smoothed by a triangle of about a twentieth of the curve to either side (so that it
  /// ends a little before the curve, and does not lag behind it); empty for fewer than 40 points, which show
  /// by themselves where they go.
  std::vector<Point> trend() const;

  size_t size() const { return count_; }
  size_t not_finite() const { return not_finite_; }
  /// Nothing while there is no point.
  std::optional<Point> last() const;
  std::optional<Point> least() const;

 private:
  struct Bucket {
    Point low, high;
    int64_t begin, end;  ///< its first and its last step
    double sum;
    size_t count;
  };
  static Bucket joined(const Bucket& a, const Bucket& b);

  size_t most_, width_ = 1, count_ = 0, not_finite_ = 0;
  int64_t last_step_ = -1;
  Point first_, last_;
  std::vector<Bucket> buckets_;
};

}  // namespace uvic
