#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <memory>

#include "nn/attention.h"

namespace uvic {

/// fc1, GELU (exact), fc2. [B, N, C] -> [B, N, C].
class Mlp : public torch::nn::Module {
 public:
  Mlp(int64_t dim, int64_t hidden);
  at::Tensor forward(const at::Tensor& x);

 private:
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};

struct BlockOptions {
  AttentionOptions attention;
  int64_t mlp_hidden = 0;
  bool skip = false;  ///< has a skip_linear that joins a skip connection
  bool use_checkpoint = false;
};

/// A pre-norm transformer block; with `skip`, x = skip_linear([x, skip]) comes first. [B, N, C] -> [B, N, C].
class Block : public torch::nn::Module {
 public:
  explicit Block(const BlockOptions& options);
  /// `skip` is used only by a block that has a skip_linear, and must be defined there.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& skip = {});

 private:
  at::Tensor compute(at::Tensor x, const at::Tensor& skip);
  bool use_checkpoint_;
  torch::nn::Linear skip_linear_{nullptr};
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr};
  std::shared_ptr<Attention> attn_;
  std::shared_ptr<Mlp> mlp_;
};

}  // namespace uvic
