// What a UViT is made of, without building it: no memory, no time.
#pragma once
#include "nn/options.h"
#include "nn/parameters.h"

namespace uvic {

/// The names and shapes of the parameters of UViT(options).
ParameterShapes parameter_shapes(const ModelOptions& options);
int64_t count_parameters(const ModelOptions& options);

/// Floating-point operations of one forward pass for one image: 2 x multiply-adds of the linear layers,
/// convolutions and the two attention products; norms, activations and softmax are left out, as is usual.
double forward_flops(const ModelOptions& options);

}  // namespace uvic
