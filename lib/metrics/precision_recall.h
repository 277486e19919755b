#pragma once
#include <ATen/core/Tensor.h>

namespace uvic {

struct PrecisionRecall {
  double precision = 0;  ///< share of generated rows that lie within a real row's ball
  double recall = 0;     ///< share of real rows that lie within a generated row's ball
};

/// Kynkaanniemi et al. 2019 (arXiv:1904.06991, eqs. 1 and 2): a row's ball reaches to its k-th nearest
/// neighbour on its own side. `generated` [N, D], `real` [M, D]; the radii are squared, [N] and [M] (a column
/// of nearest_distances).
PrecisionRecall precision_recall(const at::Tensor& generated, const at::Tensor& real,
                                 const at::Tensor& generated_radii, const at::Tensor& real_radii);

}  // namespace uvic
