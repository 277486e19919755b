// A module's parameters by name, and their size.
#pragma once
#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>

#include "nn/options.h"

namespace uvic {

/// Parameters by U-ViT's names; the tensors share the module's memory.
std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module);

/// Copies `weights` into the module (any float dtype, converted). UsageError, `source` first, lists by name
/// every tensor that is missing, surplus or misshapen, and a tensor that holds a NaN or an infinity; the
/// module is then unchanged.
void load_weights(torch::nn::Module& module, const std::map<std::string, at::Tensor>& weights,
                  const std::string& source);

int64_t count_parameters(const torch::nn::Module& module);

/// Floating-point operations of one forward pass for one image: 2 x multiply-adds of the linear layers,
/// convolutions and the two attention products; norms, activations and softmax are left out, as is usual.
double forward_flops(const ModelOptions& options);

}  // namespace uvic
