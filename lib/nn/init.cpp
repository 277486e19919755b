#include "nn/init.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

namespace uvic {

void trunc_normal_(at::Tensor tensor, double std, std::optional<at::Generator> generator) {
  const at::NoGradGuard no_grad;
  const double bound = std::erf(2.0 / std / std::sqrt(2.0));  // 2 Phi(2 / std) - 1
  // Strictly inside (-1, 1): at std = 0.02 the bound rounds to 1, where erfinv is infinite.
  at::Tensor uniform = at::empty(tensor.sizes(), at::kDouble).uniform_(-bound, bound, generator);
  uniform.clamp_(-1.0 + 0x1p-52, 1.0 - 0x1p-52);
  tensor.copy_(uniform.erfinv_().mul_(std * std::sqrt(2.0)).clamp_(-2.0, 2.0));
}

}  // namespace uvic
