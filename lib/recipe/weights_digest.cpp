#include "recipe/weights_digest.h"

#include <ATen/ATen.h>

#include "io/digests.h"
#include "nn/parameters.h"

namespace uvic {

std::string weights_digest(const torch::nn::Module& module) {
  Sha256 sha;
  for (const auto& [name, weight] : named_weights(module)) {
    const at::Tensor values = weight.detach().to(at::kCPU, at::kFloat).contiguous();
    sha.add(c10::str(name, " ", values.sizes(), "\n"));
    sha.add(values.const_data_ptr(), values.nbytes());
  }
  return sha.hex();
}

}  // namespace uvic
