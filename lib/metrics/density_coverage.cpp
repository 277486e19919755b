#include "metrics/density_coverage.h"

#include <ATen/ATen.h>

#include "metrics/neighbours.h"

namespace uvic {

DensityCoverage density_coverage(const at::Tensor& generated, const at::Tensor& real,
                                 const at::Tensor& real_radii, int64_t k) {
  int64_t balls = 0;
  at::Tensor covered = at::zeros({real.size(0)}, at::kBool);
  for_each_distance_block(generated, real, [&](int64_t, const at::Tensor& squared) {
    const at::Tensor inside = squared < real_radii;
    balls += inside.sum().item<int64_t>();
    covered.logical_or_(inside.any(0));
  });
  return {double(balls) / (double(k) * double(generated.size(0))),
          covered.to(at::kDouble).mean().item<double>()};
}

}  // namespace uvic
