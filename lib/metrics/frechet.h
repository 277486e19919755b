// The Frechet distance: FID where the features are Inception's.
#pragma once
#include "metrics/gaussian.h"

namespace uvic {

struct FrechetResult {
  double distance = 0;
  int64_t rank_a = 0, rank_b = 0;  ///< of the covariances, numerically; below D: too few images
};

/// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson & Landau 1982, eq. 4; Heusel et al. 2017,
/// arXiv:1706.08500, eq. 6) in float64. The eigenvalues of C1 C2 are those of F^T C2 F with C1 = F F^T,
/// which is symmetric, so no matrix square root is taken; F spans only the range of the covariance of lower
/// rank, so that few images give the right number too. Both of one dimension.
FrechetResult frechet_distance(const Gaussian& a, const Gaussian& b);

}  // namespace uvic
