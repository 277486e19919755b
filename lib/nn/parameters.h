// A module's parameters by name.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace torch::nn {
class Module;
}

namespace uvic {

/// The names and shapes of parameters.
using ParameterShapes = std::map<std::string, std::vector<int64_t>>;

/// Parameters by U-ViT's names; the tensors share the module's memory.
std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module);

/// What is wrong with `weights` for parameters of these names and shapes: tensors that are missing,
/// misshapen, surplus, or hold a NaN or an infinity; the first five by name. UsageError, `source` first.
void check_weights(const ParameterShapes& shapes, const std::map<std::string, at::Tensor>& weights,
                   const std::string& source);

/// Copies `weights` into the module (any float dtype, converted). UsageError as check_weights's; the module
/// is then unchanged.
void load_weights(torch::nn::Module& module, const std::map<std::string, at::Tensor>& weights,
                  const std::string& source);

int64_t count_parameters(const torch::nn::Module& module);

/// How many matrices lie below each other in a parameter of this name and number of dimensions, if it is one
/// of a block's (attention, MLP, skip); q, k and v are three. 0: norms, biases, embeddings, input and output.
int64_t block_matrices(const std::string& name, int64_t dims);
/// Of each parameter, in the module's order.
std::vector<int64_t> block_matrices(const torch::nn::Module& module);

}  // namespace uvic
