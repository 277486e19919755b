// Evaluation with prepared weights against LibTorch's own layers.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "nn/autocast.h"
#include "nn/prepared.h"
#include "nn/uvit.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

ModelOptions small_network() {
  ModelOptions o;
  o.img_size = {8}, o.patch_size = 2, o.in_chans = 3;
  o.embed_dim = 64, o.depth = 4, o.num_heads = 4, o.num_classes = 5;
  return o;
}

struct Inputs {
  Tensor x = at::randn({3, 3, 8, 8}), timesteps = at::tensor({1.f, 400.f, 990.f}),
         labels = at::tensor({0, 3, 4}, at::kLong);
  Tensor run(UViT& model) const { return model.forward(x, timesteps, labels); }
};

// Weights that make a difference: as they begin, gates are a half and blocks change little.
void shake(UViT& model) {
  for (Tensor& p : model.parameters()) p.add_(at::randn_like(p) * 0.1);
}

TEST(Prepared, SameNumbersAsTheLayers) {
  for (const auto& change : std::vector<std::function<void(ModelOptions&)>>{
           [](ModelOptions&) {}, [](ModelOptions& o) { o.attention = "softmax"; },
           [](ModelOptions& o) { o.qk_norm = o.attention_gate = o.qkv_bias = true; },
           [](ModelOptions& o) { o.skip = false, o.attention = "sigmoid"; },
           [](ModelOptions& o) { o.num_heads = 16, o.conv = false; }}) {
    at::manual_seed(1);
    ModelOptions options = small_network();
    change(options);
    UViT model(options);
    const at::NoGradGuard no_grad;
    shake(model);
    const Inputs inputs;
    const Tensor exact = inputs.run(model);
    Tensor autocast;
    {
      const AutocastScope scope({c10::kCPU, true, at::kBFloat16});
      autocast = inputs.run(model);
    }
    const auto error = [&](InferencePrecision precision) {
      PreparedWeights weights(precision);
      const PreparedScope scope(&weights);
      const Tensor first = inputs.run(model);
      EXPECT_TRUE(at::equal(first, inputs.run(model)));
      return relative_error(first, exact);
    };
    EXPECT_LT(error(InferencePrecision::kFp32), 5e-6);
    EXPECT_LT(error(InferencePrecision::kBf16), 1.5 * relative_error(autocast, exact));
    const double int8 = error(InferencePrecision::kInt8);
    EXPECT_LT(int8, 0.1);
    EXPECT_GT(int8, 1e-3);
  }
}

TEST(Prepared, AScopeEndsAndWeightsAreThoseOfTheFirstEvaluation) {
  at::manual_seed(2);
  UViT model(small_network());
  const at::NoGradGuard no_grad;
  const Inputs inputs;
  PreparedWeights weights(InferencePrecision::kFp32);
  Tensor before, after;
  {
    const PreparedScope scope(&weights);
    EXPECT_EQ(prepared_weights(), &weights);
    before = inputs.run(model);
    for (const auto& item : model.named_parameters())
      if (item.key().find("mlp.fc1.weight") != std::string::npos) item.value().zero_();
    after = inputs.run(model);
  }
  EXPECT_EQ(prepared_weights(), nullptr);
  EXPECT_TRUE(at::equal(before, after));
  EXPECT_GT(relative_error(inputs.run(model), before), 1e-4);
}

TEST(Prepared, ALayerThatLosesTooMuchStaysBfloat16) {
  at::manual_seed(3);
  const at::NoGradGuard no_grad;
  torch::nn::Linear even(512, 64), uneven(512, 64);
  even->weight.copy_(at::randn({64, 512}));
  uneven->weight.copy_(at::randn({64, 512}));
  uneven->weight.slice(1, 0, 1).mul_(20);
  const Tensor x = at::randn({4, 512});
  for (const auto& [layer, stays] : {std::pair{even, false}, {uneven, true}}) {
    PreparedWeights int8(InferencePrecision::kInt8), bf16(InferencePrecision::kBf16);
    EXPECT_EQ(at::equal(int8.of(layer)({.x = x}), bf16.of(layer)({.x = x})), stays);
  }
}

}  // namespace
}  // namespace uvic
