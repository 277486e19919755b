// Means over seeds, and of differences between pairs.
#pragma once
#include <cstddef>
#include <vector>

namespace uvic {

struct Estimate {
  double mean = 0;
  double standard_error = 0;  ///< of the mean; NaN of fewer than two values
  size_t count = 0;
};

/// Of values, at least one.
Estimate estimate(const std::vector<double>& values);

/// b[i] - a[i], pair by pair.
std::vector<double> paired_differences(const std::vector<double>& a, const std::vector<double>& b);

/// The two-sided p value of a mean difference by the paired t test, count - 1 degrees of freedom: exact, by
/// the finite series of Abramowitz & Stegun 26.7.3 and 26.7.4. NaN of fewer than three pairs, as then it says
/// next to nothing, and where all differences are equal.
double paired_t_test(const Estimate& difference);

}  // namespace uvic
