#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace uvic {

struct DensityCoverage {
  double density = 0;   ///< balls of real rows that a generated row lies in, over k; may exceed 1
  double coverage = 0;  ///< share of real rows whose ball holds a generated row
};

/// Naeem et al. 2020 (arXiv:2002.09797, eqs. 3 and 4). `real_radii`: squared, [M], to the k-th nearest real
/// neighbour. A ball is open, as in the published code.
DensityCoverage density_coverage(const at::Tensor& generated, const at::Tensor& real,
                                 const at::Tensor& real_radii, int64_t k);

}  // namespace uvic
