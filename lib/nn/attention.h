#pragma once
#include <c10/core/Device.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <optional>
#include <string>

#include "nn/options.h"

namespace uvic {

struct AttentionOptions {
  int64_t dim = 0, num_heads = 0;
  bool qkv_bias = false;
  AttentionKind kind = AttentionKind::kSoftmax;
  std::optional<bool> fused;  ///< which kernel, for kinds other than softmax: see AttentionCall
};

/// One line on the kernels that the model's blocks run, for the start of a run. Errors as kernel_for's.
std::string describe_attention(const ModelOptions& options, c10::Device device, Precision precision);

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
