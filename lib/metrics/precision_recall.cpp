#include "metrics/precision_recall.h"

#include <ATen/ATen.h>

#include "metrics/neighbours.h"

namespace uvic {

PrecisionRecall precision_recall(const at::Tensor& generated, const at::Tensor& real,
                                 const at::Tensor& generated_radii, const at::Tensor& real_radii) {
  int64_t precise = 0;
  at::Tensor recalled = at::zeros({real.size(0)}, at::kBool);
  for_each_distance_block(generated, real, [&](int64_t first, const at::Tensor& squared) {
    precise += (squared <= real_radii).any(1).sum().item<int64_t>();
    const at::Tensor radii = generated_radii.slice(0, first, first + squared.size(0)).unsqueeze(1);
    recalled.logical_or_((squared <= radii).any(0));
  });
  return {double(precise) / double(generated.size(0)), recalled.to(at::kDouble).mean().item<double>()};
}

}  // namespace uvic
