#include "inspect/head_rows.h"

#include <algorithm>
#include <cmath>

namespace uvic {
namespace {

double plogp(double p) {
  return p > 0 ? p * std::log(p) : 0;
}

}  // namespace

void HeadRows::add(const double* weights, int64_t first, int64_t count, const int64_t* groups,
                   bool sums_to_one) {
  const auto N = int64_t(incoming.size());
  for (int64_t row = 0; row < count; ++row)
    add_row(weights + row * N, groups, size_t(groups[first + row]), sums_to_one);
}

void HeadRows::add_row(const double* w, const int64_t* groups, size_t group, bool sums_to_one) {
  const size_t N = incoming.size();
  double sum = 0, row_mass = 0, negative = 0, least = 0;
  int64_t negatives = 0;
  for (size_t j = 0; j < N; ++j) {
    const double magnitude = std::abs(w[j]);
    sum += w[j];
    row_mass += magnitude;
    if (w[j] < 0) ++negatives, negative += magnitude;
    least = std::min(least, w[j]);
    incoming[j] += magnitude;
    incoming_signed[j] += w[j];
    between[group][size_t(groups[j])] += magnitude;
  }
  const double whole = sums_to_one || row_mass == 0 ? 1 : row_mass, moved = sum - double(N) * least;
  for (size_t j = 0; j < N; ++j) {
    entropy -= plogp(std::abs(w[j]) / whole);
    if (moved > 0) entropy_shifted -= plogp((w[j] - least) / moved);
  }
  ++rows;
  ++queries[group];
  negative_count += double(negatives) / double(N);
  negative_mass += negative / whole;
  row_sum += sum;
  mass += row_mass;
}

}  // namespace uvic
