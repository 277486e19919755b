// One head's weights, some rows at a time.
#pragma once
#include <cstdint>
#include <vector>

#include "inspect/token_groups.h"

namespace uvic {

/// Sums over the rows of W that one head has for one image. float64.
struct HeadRows {
  explicit HeadRows(int64_t tokens) : incoming(size_t(tokens)), incoming_signed(size_t(tokens)) {}

  /// `weights`: [rows, N] of queries `first` .. first + rows - 1; `groups`: [N], TokenGroup; `sums_to_one`:
  /// whether each row's |W| does by its kind: where not, it is divided by its sum for shares and entropies.
  void add(const double* weights, int64_t first, int64_t rows, const int64_t* groups, bool sums_to_one);

  int64_t rows = 0;
  double negative_count = 0, negative_mass = 0, row_sum = 0, mass = 0, entropy = 0, entropy_shifted = 0;
  /// By key: the sums of |W| and of W over the queries.
  std::vector<double> incoming, incoming_signed;
  /// From a group of queries to one of keys: the sum of |W|; and how many queries there were.
  std::array<std::array<double, kTokenGroups>, kTokenGroups> between{};
  std::array<int64_t, kTokenGroups> queries{};

 private:
  void add_row(const double* w, const int64_t* groups, size_t group, bool sums_to_one);
};

}  // namespace uvic
