#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <array>
#include <memory>
#include <optional>

#include "nn/options.h"

namespace uvic {

struct AttentionOptions {
  int64_t dim = 0, num_heads = 0;
  bool qkv_bias = false;
  AttentionKind kind = AttentionKind::kSoftmax;
  std::optional<bool> fused;  ///< which kernel, for kinds other than softmax: see AttentionCall
  bool qk_norm = false, gate = false;
};

class PreparedWeights;
class RmsNorm;

/// sigmoid(x W^T): a gate for every number of the attention's output, from what the attention gets (arXiv
/// 2505.06708, elementwise and of each head, after the weighted sum). [B, N, C] -> [B, N, C].
class OutputGate : public torch::nn::Module {
 public:
  /// W is 0: draws nothing, so that a network with gates begins with the weights of one without.
  explicit OutputGate(int64_t dim);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor evaluate(const at::Tensor& x, const torch::nn::LayerNorm& norm, PreparedWeights& weights) const;

 private:
  at::Tensor weight_;
};

/// Multi-head self-attention, U-ViT's parameter names (qkv, proj), and timm's for QK-norm: q_norm.weight and
/// k_norm.weight [D], the scales of an RMSNorm of each head's queries and keys (SD3, arXiv 2403.03206,
/// section 5.3.2), after which |P| is at most sqrt(D) times them. gate.weight [C, C]. [B, N, C] -> [B, N, C].
class Attention : public torch::nn::Module {
 public:
  explicit Attention(const AttentionOptions& options);
  at::Tensor forward(const at::Tensor& x);
  /// x + forward(norm(x)), with prepared weights; not differentiable.
  at::Tensor add_to(const at::Tensor& x, const torch::nn::LayerNorm& norm, PreparedWeights& weights);

  const AttentionOptions& options() const { return options_; }
  const torch::nn::Linear& qkv() const { return qkv_; }
  const torch::nn::Linear& proj() const { return proj_; }

 private:
  std::array<at::Tensor, 3> heads_of(const at::Tensor& packed);
  at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const;

  AttentionOptions options_;
  torch::nn::Linear qkv_{nullptr}, proj_{nullptr};
  std::shared_ptr<RmsNorm> q_norm_, k_norm_;
  std::shared_ptr<OutputGate> gate_;
};

}  // namespace uvic
