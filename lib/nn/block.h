#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <memory>

#include "nn/attention.h"
#include "nn/fused_block.h"

namespace uvic {

/// fc1, GELU (exact), fc2. [B, N, C] -> [B, N, C].
class Mlp : public torch::nn::Module {
 public:
  Mlp(int64_t dim, int64_t hidden);
  at::Tensor forward(const at::Tensor& x);
  /// x + forward(norm(x)), with prepared weights; not differentiable.
  at::Tensor add_to(const at::Tensor& x, const torch::nn::LayerNorm& norm, PreparedWeights& weights);

  const torch::nn::Linear& fc1() const { return fc1_; }
  const torch::nn::Linear& fc2() const { return fc2_; }

 private:
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};

struct BlockOptions {
  AttentionOptions attention;
  int64_t mlp_hidden = 0;
  bool skip = false;       ///< has a skip_linear that joins a skip connection
  bool recompute = false;  ///< keep no activations: the backward computes the block again
};

/// A pre-norm transformer block; with `skip`, x = skip_linear([x, skip]) comes first. [B, N, C] -> [B, N, C].
class Block : public torch::nn::Module {
 public:
  explicit Block(const BlockOptions& options);
  /// `skip` is used only by a block that has a skip_linear, and must be defined there.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& skip = {});

 private:
  // Shared with the graph of a forward that is recomputed: it may outlive the block.
  struct Layers {
    torch::nn::Linear skip_linear{nullptr};
    torch::nn::LayerNorm norm1{nullptr}, norm2{nullptr};
    std::shared_ptr<Attention> attn;
    std::shared_ptr<Mlp> mlp;
    BlockWeights weights() const;
    /// Whether the layers are what fused_block computes, and it can.
    bool fuses(const at::Tensor& x) const;
    at::Tensor forward(at::Tensor x, const at::Tensor& skip);
    at::Tensor evaluate(at::Tensor x, const at::Tensor& skip, PreparedWeights& weights);
  };

  bool recompute_;
  Layers layers_;
};

}  // namespace uvic
