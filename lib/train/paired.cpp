#include "train/paired.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <numbers>

namespace uvic {
namespace {

constexpr double kNone = NAN;
constexpr double kRounding = 1e-12;  // differences that are closer are equal

// P(|T| < t) of Student's distribution.
double within(double t, size_t freedom) {
  const double theta = std::atan(t / std::sqrt(double(freedom))), cosine = std::cos(theta);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1, sum = freedom == 1 ? 0 : term;
  for (size_t k = odd ? 3 : 2; k + 2 <= freedom; k += 2) {
    term *= double(k - 1) / double(k) * cosine * cosine;
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (theta + std::sin(theta) * sum) : std::sin(theta) * sum;
}

}  // namespace

Estimate estimate(const std::vector<double>& values) {
  TORCH_CHECK(!values.empty(), "estimate: there are no values");
  Estimate result{.mean = 0, .standard_error = kNone, .count = values.size()};
  const auto n = double(values.size());
  for (const double value : values) result.mean += value;
  result.mean /= n;
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.standard_error = std::sqrt(squares / (n - 1) / n);
  return result;
}

std::vector<double> paired_differences(const std::vector<double>& a, const std::vector<double>& b) {
  TORCH_CHECK(a.size() == b.size(), "paired_differences: ", a.size(), " values against ", b.size());
  std::vector<double> result;
  for (size_t i = 0; i < a.size(); ++i) result.push_back(b[i] - a[i]);
  return result;
}

double paired_t_test(const Estimate& difference) {
  const double size = std::abs(difference.mean), error = difference.standard_error;
  if (difference.count < 3 || !(error > kRounding * size)) return kNone;
  return 1 - within(size / error, difference.count - 1);
}

}  // namespace uvic
