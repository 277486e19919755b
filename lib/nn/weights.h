// A module's parameters by name, and their size.
#pragma once
#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nn/options.h"

namespace uvic {

/// Parameters by U-ViT's names; the tensors share the module's memory.
std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module);

/// The names and shapes of the parameters of UViT(options), without building it: no memory, no time.
std::map<std::string, std::vector<int64_t>> parameter_shapes(const ModelOptions& options);

/// What is wrong with `weights` for parameters of these names and shapes: every tensor that is missing,
/// surplus or misshapen by name, and each that holds a NaN or an infinity. UsageError, `source` first.
void check_weights(const std::map<std::string, std::vector<int64_t>>& shapes,
                   const std::map<std::string, at::Tensor>& weights, const std::string& source);

/// Copies `weights` into the module (any float dtype, converted). UsageError as check_weights's; the module
/// is then unchanged.
void load_weights(torch::nn::Module& module, const std::map<std::string, at::Tensor>& weights,
                  const std::string& source);

int64_t count_parameters(const torch::nn::Module& module);
int64_t count_parameters(const ModelOptions& options);

/// Floating-point operations of one forward pass for one image: 2 x multiply-adds of the linear layers,
/// convolutions and the two attention products; norms, activations and softmax are left out, as is usual.
double forward_flops(const ModelOptions& options);

}  // namespace uvic
