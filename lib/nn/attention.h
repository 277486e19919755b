#pragma once
#include <c10/core/Device.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <optional>
#include <string>

#include "core/precision.h"
#include "kernels/attention_kind.h"
#include "kernels/choose.h"
#include "nn/options.h"

namespace uvic {

struct AttentionOptions {
  int64_t dim = 0, num_heads = 0;
  bool qkv_bias = false;
  AttentionKind kind = AttentionKind::kSoftmax;
  std::optional<bool> fused;  ///< which kernel, for kinds other than softmax: see AttentionCall
};

/// `model.attention_kernel` as the operator takes it: auto is nullopt.
std::optional<bool> fused_attention(const ModelOptions& options);

/// The operator's kernel for the model's blocks of a kind (not softmax, which is not the operator's) on
/// `device` in `precision` (fp32, bf16). UsageError where model.attention_kernel asks for a fused kernel that
/// does not exist.
KernelChoice kernel_for(AttentionKind kind, const ModelOptions& options, c10::Device device,
                        Precision precision);

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
