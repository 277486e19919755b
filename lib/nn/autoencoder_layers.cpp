#include "nn/autoencoder_layers.h"

#include <ATen/ATen.h>

#include <utility>

namespace uvic {

using at::Tensor;

void AutoencoderLayer::run(Activations& on, const NormStatistics* known) const {
  switch (step.kind) {
    case StepKind::kConvolve:
      on.hidden = convolve(on.hidden);
      break;
    case StepKind::kDownsample:
      on.hidden = convolve(at::constant_pad_nd(on.hidden, {0, 1, 0, 1}), 2);
      break;
    case StepKind::kUpsample:
      on.hidden = at::upsample_nearest2d(on.hidden, {2 * on.hidden.size(2), 2 * on.hidden.size(3)});
      break;
    case StepKind::kNormalise:
      on.hidden = known != nullptr
                      ? normalise(on.hidden, *known)
                      : at::group_norm(on.hidden, groups, parameters[0], parameters[1], kGroupNormEps);
      at::silu_(on.hidden);
      break;
    case StepKind::kFork:
      on.skip = parameters.empty() ? on.hidden : convolve(on.hidden);
      break;
    case StepKind::kJoin:
      on.hidden.add_(std::exchange(on.skip, {}));
      break;
    case StepKind::kAttend:
      on.hidden = attend(on.hidden);
      break;
  }
}

Tensor AutoencoderLayer::convolve(const Tensor& x, int64_t stride) const {
  const int64_t around = stride == 1 ? (step.side - 1) / 2 : 0;
  return at::conv2d(x, parameters[0], parameters[1], stride, around);
}

// y = (x - mean) / std * weight + bias, as one product and one sum.
Tensor AutoencoderLayer::normalise(const Tensor& x, const NormStatistics& known) const {
  const Tensor scale = parameters[0].to(at::kFloat) * known.reciprocal_std,
               offset = parameters[1].to(at::kFloat) - known.mean * scale;
  return at::addcmul(offset.view({1, -1, 1, 1}), x.to(at::kFloat), scale.view({1, -1, 1, 1}))
      .to(x.scalar_type());
}

Tensor AutoencoderLayer::attend(const Tensor& x) const {
  const int64_t B = x.size(0), C = x.size(1), N = x.size(2) * x.size(3);
  const auto project = [&](const Tensor& tokens, size_t part) {
    return at::linear(tokens, parameters[2 * part], parameters[2 * part + 1]);
  };
  const Tensor normed = at::group_norm(x, groups, parameters[0], parameters[1], kGroupNormEps);
  const Tensor tokens = normed.permute({0, 2, 3, 1}).reshape({B, 1, N, C});  // of one head
  const Tensor attended =
      at::scaled_dot_product_attention(project(tokens, 1), project(tokens, 2), project(tokens, 3));
  return x + project(attended, 4).view({B, x.size(2), x.size(3), C}).permute({0, 3, 1, 2});
}

AutoencoderLayers bind_layers(const AutoencoderSteps& steps, int64_t groups,
                              const std::map<std::string, Tensor>& weights, const TensorLayout& layout) {
  const auto prepared = [&](const std::string& name) {
    const Tensor weight = weights.at(name).to(layout.device, layout.dtype);
    return weight.contiguous(weight.dim() == 4 ? layout.format : at::MemoryFormat::Contiguous);
  };
  AutoencoderLayers layers;
  for (const AutoencoderStep& step : steps) {
    AutoencoderLayer& layer = layers.emplace_back(AutoencoderLayer{step, groups});
    for (const std::string& part : parts_of(step)) {
      layer.parameters.push_back(prepared(part + ".weight"));
      layer.parameters.push_back(prepared(part + ".bias"));
    }
  }
  return layers;
}

}  // namespace uvic
