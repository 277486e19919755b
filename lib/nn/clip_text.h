// CLIP's text transformer (Radford et al., arXiv 2103.00020): token and learned position embeddings, pre-norm
// blocks of causal softmax attention and a two-layer MLP, a last norm. Parameter names are transformers',
// without "text_model.". For use, not for training: weights are given to it, none are drawn.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

#include "core/choice.h"
#include "nn/parameters.h"

namespace uvic {

/// Of the MLPs: x sigmoid(1.702 x), or x Phi(x) (arXiv 1606.08415, section 2).
enum class ClipActivation { kQuickGelu, kGelu };
template <>
inline constexpr std::array kNamesOf<ClipActivation> = {"quick_gelu", "gelu"};

struct ClipTextOptions {
  int64_t vocab_size = 49408, dim = 768, layers = 12, heads = 12, hidden_dim = 3072, length = 77;
  double norm_eps = 1e-5;
  Choice<ClipActivation> activation = ClipActivation::kQuickGelu;
};

/// The names and shapes of the parameters.
ParameterShapes parameter_shapes(const ClipTextOptions& options);

class ClipText {
 public:
  /// Takes `weights`, float32 afterwards, to `device`. c10::Error unless the options go together; UsageError,
  /// `source` first, as check_weights.
  ClipText(const ClipTextOptions& options, const std::map<std::string, at::Tensor>& weights,
           const std::string& source, c10::Device device);

  /// ids: int64 [B, T] on the device, T <= length, each below vocab_size (checked where they lie on the CPU).
  /// What the last norm gives, float32 [B, T, dim], without gradients; a token sees those before it alone.
  /// Under autocast the matrix products are of lower precision.
  at::Tensor forward(const at::Tensor& ids) const;

  const ClipTextOptions& options() const { return options_; }
  /// By the names of parameter_shapes, views of the module's own.
  std::map<std::string, at::Tensor> weights() const;

 private:
  /// The two parameters of a linear layer or a norm.
  struct Pair {
    at::Tensor weight, bias;
  };
  struct Layer {
    Pair norm1, qkv, out, norm2, fc1, fc2;
  };
  at::Tensor attend(const at::Tensor& x, const Layer& layer) const;
  at::Tensor activated(const at::Tensor& x) const;
  at::Tensor norm(const at::Tensor& x, const Pair& norm) const;

  ClipTextOptions options_;
  at::Tensor tokens_, positions_;  // [vocab_size, dim], [length, dim]
  std::vector<Layer> layers_;
  Pair final_norm_;
};

}  // namespace uvic
