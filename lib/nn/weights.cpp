#include "nn/weights.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {

std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& item : module.named_parameters()) weights.emplace(item.key(), item.value().detach());
  return weights;
}

void load_weights(torch::nn::Module& module, const std::map<std::string, at::Tensor>& weights,
                  const std::string& source) {
  const auto own = named_weights(module);
  std::vector<std::string> problems;
  for (const auto& [name, tensor] : own) {
    const auto given = weights.find(name);
    if (given == weights.end()) {
      problems.push_back(c10::str("missing ", name, " ", tensor.sizes()));
    } else if (given->second.sizes() != tensor.sizes()) {
      problems.push_back(
          c10::str(name, " is ", given->second.sizes(), " where the model has ", tensor.sizes()));
    } else if (!at::isfinite(given->second).all().item<bool>()) {
      problems.push_back(c10::str(name, " holds a NaN or an infinity"));
    }
  }
  for (const auto& [name, tensor] : weights) {
    if (!own.contains(name)) problems.push_back(c10::str("surplus ", name, " ", tensor.sizes()));
  }
  check_usage(problems.empty(), source, ": the weights do not fit the model: ", join(problems, "; "));
  const at::NoGradGuard no_grad;
  for (auto [name, tensor] : own) tensor.copy_(weights.at(name));
}

int64_t count_parameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
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
  total += patches * patch_dim * C;  // patch_embed
  total += N * C * patch_dim;        // decoder_pred runs over all tokens
  if (o.conv) total += 9.0 * double(o.in_chans * o.in_chans * o.height() * o.width());
  return 2 * total;
}

}  // namespace uvic
