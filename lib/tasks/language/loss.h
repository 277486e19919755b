#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "core/precision.h"

namespace uvic {

class Cogformer;

/// The mean cross-entropy of the next token in each window, in nats, float32 [B], with its graph. windows:
/// int64 [B, T + 1] on the CPU: T inputs, each with its next token.
at::Tensor next_token_losses(Cogformer& model, const at::Tensor& windows, Precision precision,
                             c10::Device device);

}  // namespace uvic
