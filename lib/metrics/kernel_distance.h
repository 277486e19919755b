// The kernel distance (KID).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace uvic {

struct KernelDistance {
  double mean = 0;       ///< over the subsets
  double deviation = 0;  ///< between the subsets (population): what torch-fidelity prints beside it
  /// Of the mean: sample deviation / sqrt(subsets). None where both sides are their only subset, which says
  /// nothing of how others would come out.
  std::optional<double> standard_error;
  int64_t subsets = 0, subset_size = 0;
};

/// Binkowski et al. 2018 (arXiv:1801.01401, eq. 4): the unbiased estimate of MMD^2 with the kernel
/// (x . y / D + 1)^3, over `subsets` random subsets of `subset_size` rows of each side, drawn without
/// replacement; smaller if a side has fewer rows, and a single one where that is all of both. It may be below
/// 0, as what is estimated may be 0. a [N, D], b [M, D], two rows or more each. float64; which subsets
/// depends on `seed`, N and M alone.
KernelDistance kernel_distance(const at::Tensor& a, const at::Tensor& b, int64_t subsets = 100,
                               int64_t subset_size = 1000, uint64_t seed = 0);

}  // namespace uvic
