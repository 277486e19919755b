#include "nn/weights.h"

#include <ATen/ATen.h>
#include <c10/util/accumulate.h>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {

std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& item : module.named_parameters()) weights.emplace(item.key(), item.value().detach());
  return weights;
}

void check_weights(const std::map<std::string, std::vector<int64_t>>& shapes,
                   const std::map<std::string, at::Tensor>& weights, const std::string& source) {
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
  check_usage(problems.empty(), source, ": the weights do not fit the model: ", join(problems, "; "));
}

void load_weights(torch::nn::Module& module, const std::map<std::string, at::Tensor>& weights,
                  const std::string& source) {
  const auto own = named_weights(module);
  std::map<std::string, std::vector<int64_t>> shapes;
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

int64_t count_parameters(const ModelOptions& options) {
  int64_t count = 0;
  for (const auto& [name, shape] : parameter_shapes(options)) count += c10::multiply_integers(shape);
  return count;
}

double forward_flops(const ModelOptions& o) {
  const double C = double(o.embed_dim), N = double(o.num_tokens()), patches = double(o.num_patches());
  const double patch_dim = double(o.patch_size * o.patch_size * o.in_chans);
  const double attention = 4 * C * C * N + 2 * N * N * C;  // qkv and proj; Q K^T and W V
  const double mlp = 2 * double(o.mlp_ratio) * C * C * N;
  double total = double(o.depth + 1) * (attention + mlp);
  if (o.skip) total += double(o.depth / 2) * 2 * C * C * N;
  if (o.mlp_time_embed) total += 8 * C * C;
  total += double(o.num_clip_token * o.clip_dim) * C;  // context_embed
  total += patches * patch_dim * C;                    // patch_embed
  total += N * C * patch_dim;                          // decoder_pred runs over all tokens
  if (o.conv) total += 9.0 * double(o.in_chans * o.in_chans * o.height() * o.width());
  return 2 * total;
}

}  // namespace uvic
