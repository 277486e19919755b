// The steps of an AutoencoderKL with their parameters.
#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "nn/autoencoder_steps.h"

namespace uvic {

/// How a network keeps its weights and takes its inputs.
struct TensorLayout {
  c10::Device device = c10::kCPU;
  c10::ScalarType dtype = c10::kFloat;
  c10::MemoryFormat format = c10::MemoryFormat::Contiguous;
};

/// What is on its way through the steps, [B, C, H, W].
struct Activations {
  at::Tensor hidden;
  at::Tensor skip = {};  ///< what a residual block will add; undefined outside of one
};

/// Of a group norm over one whole picture, a value a channel: float32 [C].
struct NormStatistics {
  at::Tensor mean, reciprocal_std;
};

struct AutoencoderLayer {
  AutoencoderStep step;
  int64_t groups = 0;                       ///< of its norm
  std::vector<at::Tensor> parameters = {};  ///< weight and bias of each of its parts, in order

  bool normalises() const { return step.kind == StepKind::kNormalise; }
  /// Frees what it has no more use for. `known`: instead of the statistics of what is there; for kNormalise
  /// alone.
  void run(Activations& activations, const NormStatistics* known = nullptr) const;

 private:
  at::Tensor convolve(const at::Tensor& x, int64_t stride = 1) const;
  at::Tensor normalise(const at::Tensor& x, const NormStatistics& known) const;
  at::Tensor attend(const at::Tensor& x) const;
};
using AutoencoderLayers = std::vector<AutoencoderLayer>;

/// Takes the parameters of `steps` out of `weights` (see check_weights), as `layout` wants them.
AutoencoderLayers bind_layers(const AutoencoderSteps& steps, int64_t groups,
                              const std::map<std::string, at::Tensor>& weights, const TensorLayout& layout);

/// As published: 1e-6, where PyTorch's default is 1e-5.
constexpr double kGroupNormEps = 1e-6;

}  // namespace uvic
