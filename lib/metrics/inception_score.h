#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace uvic {

struct InceptionScore {
  double mean = 0, deviation = 0;  ///< over the splits; the deviation is the population's, as published
  int64_t splits = 0;
};

/// exp of the mean KL divergence of p(y | x) from p(y) (Salimans et al. 2016, arXiv:1606.03498, section 4),
/// over `splits` equal runs of rows in their order, as in the published code. `probabilities`: [N, K], rows
/// that sum to 1, N >= splits. float64.
InceptionScore inception_score(const at::Tensor& probabilities, int64_t splits = 10);

}  // namespace uvic
