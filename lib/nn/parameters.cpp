#include "nn/parameters.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <array>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {

constexpr size_t kMaxProblems = 5;  // that are named

std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& item : module.named_parameters()) weights.emplace(item.key(), item.value().detach());
  return weights;
}

void check_weights(const ParameterShapes& shapes, const std::map<std::string, at::Tensor>& weights,
                   const std::string& source) {
  std::vector<std::string> problems;
  for (const auto& [name, shape] : shapes) {
    const at::IntArrayRef sizes = shape;
    const auto given = weights.find(name);
    if (given == weights.end()) {
      problems.push_back(c10::str("missing ", name, " ", sizes));
    } else if (given->second.sizes() != sizes) {
      problems.push_back(c10::str(name, " is ", given->second.sizes(), " where the model has ", sizes));
    } else if (!at::isfinite(given->second).all().item<bool>()) {
      problems.push_back(c10::str(name, " holds a NaN or an infinity"));
    }
  }
  for (const auto& [name, tensor] : weights) {
    if (!shapes.contains(name)) problems.push_back(c10::str("surplus ", name, " ", tensor.sizes()));
  }
  if (problems.empty()) return;
  const size_t more = problems.size() - std::min(problems.size(), kMaxProblems);
  problems.resize(problems.size() - more);
  usage_error(source, ": the weights do not fit the model: ", join(problems, "; "),
              more > 0 ? c10::str("; and ", more, " more") : "");
}

void load_weights(torch::nn::Module& module, const std::map<std::string, at::Tensor>& weights,
                  const std::string& source) {
  const auto own = named_weights(module);
  ParameterShapes shapes;
  for (const auto& [name, tensor] : own) shapes[name] = tensor.sizes().vec();
  check_weights(shapes, weights, source);
  const at::NoGradGuard no_grad;
  for (auto [name, tensor] : own) tensor.copy_(weights.at(name));
}

int64_t count_parameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

int64_t block_matrices(const std::string& name, int64_t dims) {
  constexpr std::array kBlocks = {"in_blocks.", "mid_block.", "out_blocks.", "blocks.", "layers."};
  const bool of_block = std::any_of(kBlocks.begin(), kBlocks.end(), [&](const std::string& block) {
    return name.starts_with(block) || name.find("." + block) != std::string::npos;
  });
  if (!of_block || dims != 2) return 0;
  return name.ends_with(".qkv.weight") ? 3 : 1;
}

std::vector<int64_t> block_matrices(const torch::nn::Module& module) {
  std::vector<int64_t> counts;
  for (const auto& item : module.named_parameters())
    counts.push_back(block_matrices(item.key(), item.value().dim()));
  return counts;
}

}  // namespace uvic
