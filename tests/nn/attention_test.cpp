// The network's Cog blocks: which kernel runs, and that the fused one changes nothing but speed.
#include "nn/attention.h"
#include <ATen/core/grad_mode.h>
#include "nn/attention_kernels.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "nn/autocast.h"
#include "support/golden_model.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

struct Pass {
  Tensor output;
  std::vector<std::pair<std::string, Tensor>> gradients;
};

// Forward and backward of a golden network through one kernel.
Pass pass(const std::string& name, const std::string& kernel) {
  const auto stored = load_safetensors(testing::fixture("model_" + name + ".safetensors"));
  ModelOptions options = testing::golden_options(stored.metadata.at("config"));
  options.attention_kernel = kernel;
  UViT model(options);
  load_weights(model, testing::with_prefix(stored.tensors, "weight."), name);
  const auto labels = stored.tensors.find("input.y");
  Pass result;
  result.output = model.forward(stored.tensors.at("input.x"), stored.tensors.at("input.timesteps"),
                                labels == stored.tensors.end() ? Tensor() : labels->second);
  (result.output - stored.tensors.at("input.target")).square().mean().backward();
  for (const auto& item : model.named_parameters())
    result.gradients.emplace_back(item.key(), item.value().grad());
  return result;
}

// D = 32 and 72. Equal bits would mean that one of the two did not run.
TEST(AttentionKernel, FusedEqualsUnfusedInAWholeNetwork) {
  for (const std::string name : {"uvic_class", "uvic_head72"}) {
    const Pass fused = pass(name, "fused"), unfused = pass(name, "unfused"), by_default = pass(name, "auto");
    EXPECT_LT(relative_error(fused.output, unfused.output), 1e-4) << name;
    EXPECT_FALSE(at::equal(fused.output, unfused.output)) << name;
    EXPECT_TRUE(at::equal(fused.output, by_default.output)) << name;
    for (size_t i = 0; i < fused.gradients.size(); ++i)
      EXPECT_LT(relative_error(fused.gradients[i].second, unfused.gradients[i].second), 1e-4)
          << name << " " << fused.gradients[i].first;
  }
}

TEST(AttentionKernel, SmallHeadsFallBack) {
  const auto stored = load_safetensors(testing::fixture("model_uvic_uncond.safetensors"));
  ModelOptions options = testing::golden_options(stored.metadata.at("config"));
  ASSERT_EQ(options.head_dim(), 12);
  EXPECT_FALSE(kernel_for(AttentionKind::kCog, options.attention_kernel, options.head_dim(), c10::kCPU,
                          Precision::kFp32)
                   .fused);
  options.attention_kernel = "fused";
  EXPECT_THROW_WITH(describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kTraining), UsageError,
                    "model.attention_kernel: cog_attention: fused is not possible: head size 12");
}

TEST(AttentionKernel, Description) {
  ModelOptions options;  // depth 8, D = 64, Cog but for the first and the last block
  EXPECT_EQ(describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kTraining)
                .find("attention: 7 Cog blocks, fused, CPU "),
            0u);
  EXPECT_NE(describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kTraining)
                .find("; 2 softmax blocks, fused, CPU "),
            std::string::npos);
  options.attention_kernel = "unfused";
  EXPECT_NE(
      describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kTraining).find("unfused, as asked"),
      std::string::npos);
  options.attention = "softmax";
  EXPECT_EQ(describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kTraining),
            "attention: 9 softmax blocks, scaled_dot_product_attention");
}

// Softmax has a kernel of ours in evaluation, unless none is wanted.
TEST(AttentionKernel, DescriptionOfAnEvaluation) {
  ModelOptions options;
  const auto line = [&] {
    return describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kEvaluation);
  };
  EXPECT_NE(line().find("; 2 softmax blocks, fused, CPU "), std::string::npos) << line();
  options.attention_kernel = "unfused";
  EXPECT_NE(line().find("; 2 softmax blocks, scaled_dot_product_attention"), std::string::npos) << line();
}

// Under autocast the projection is bfloat16, and so is the operator.
TEST(AttentionKernel, BFloat16UnderAutocast) {
  AttentionOptions options{64, 2, false, AttentionKind::kCog, true};
  at::manual_seed(1);
  Attention attention(options);
  options.fused = false;
  Attention plain(options);
  for (const auto& item : attention.named_parameters()) {
    const at::NoGradGuard no_grad;
    plain.named_parameters()[item.key()].copy_(item.value());
  }
  const Tensor x = at::randn({2, 65, 64});
  const AutocastScope autocast(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
  const Tensor fused = attention.forward(x);
  EXPECT_EQ(fused.scalar_type(), at::kBFloat16);
  EXPECT_LT(relative_error(fused, plain.forward(x)), 2e-2);
}

}  // namespace
}  // namespace uvic
