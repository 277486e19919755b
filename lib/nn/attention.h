#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

namespace uvic {

struct AttentionOptions {
  int64_t dim = 0, num_heads = 0;
  bool qkv_bias = false;
  bool cog = false;  ///< sign(P) softmax(|P|) instead of softmax(P)
};

/// Multi-head self-attention, U-ViT's parameter names (qkv, proj). [B, N, C] -> [B, N, C].
class Attention : public torch::nn::Module {
 public:
  explicit Attention(const AttentionOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  AttentionOptions options_;
  torch::nn::Linear qkv_{nullptr}, proj_{nullptr};
};

}  // namespace uvic
