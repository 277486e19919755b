// Activations of a function are dropped after the forward and recomputed in the backward (known as gradient
// checkpointing).
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace uvic {

/// Returns function(inputs). The backward calls it again (under the autocast state of the forward) and gives
/// the gradients of `inputs` (all defined) and of `parameters`, which the function reads besides them;
/// bit-equal to keeping the activations as long as the function is deterministic. The graph keeps `function`,
/// so this must own what it reads.
at::Tensor recompute_in_backward(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& function,
                                 const std::vector<at::Tensor>& inputs,
                                 const std::vector<at::Tensor>& parameters);

}  // namespace uvic
