// Gradient checkpointing: activations of a function are dropped after the forward and recomputed in the
// backward.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace uvic {

/// Returns function(inputs). The backward recomputes it (under the autocast state of the forward) and gives
/// the gradients of `inputs` (all defined) and of `parameters`, which the function reads besides them;
/// bit-equal to not checkpointing as long as the function is deterministic.
at::Tensor checkpoint(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& function,
                      const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& parameters);

}  // namespace uvic
