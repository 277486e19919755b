#include "nn/clip_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "nn/autocast.h"
#include "support/golden_clip.h"

namespace uvic {
namespace {

using testing::golden_clip;
using testing::golden_clip_options;
using testing::relative_error;

TEST(ClipText, GivesTheGoldenStates) {
  const auto golden = golden_clip();
  const ClipText model(golden_clip_options(), golden.weights, "model", c10::kCPU);
  const at::Tensor states = model.forward(golden.ids);
  EXPECT_EQ(states.scalar_type(), at::kFloat);
  EXPECT_LT(relative_error(states, golden.states), 1e-6);
  EXPECT_FALSE(states.requires_grad());
  const AutocastScope autocast(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
  const at::Tensor lower = model.forward(golden.ids);
  EXPECT_EQ(lower.scalar_type(), at::kFloat);
  EXPECT_LT(relative_error(lower, golden.states), 1e-1);  // of weights so large that small differences grow
  EXPECT_GT(relative_error(lower, golden.states), 1e-5);
}

TEST(ClipText, ATokenSeesThoseBeforeItAlone) {
  const auto golden = golden_clip();
  const ClipText model(golden_clip_options(), golden.weights, "model", c10::kCPU);
  const at::Tensor whole = model.forward(golden.ids);
  EXPECT_LT(relative_error(model.forward(golden.ids.slice(1, 0, 9)), whole.slice(1, 0, 9)), 1e-6);
  at::Tensor other = golden.ids.clone();
  other.slice(1, 20).fill_(7);
  EXPECT_LT(relative_error(model.forward(other).slice(1, 0, 20), whole.slice(1, 0, 20)), 1e-6);
  EXPECT_GT(relative_error(model.forward(other).slice(1, 20), whole.slice(1, 20)), 1e-2);
}

/// The same by the formulas, one by one, in float64.
at::Tensor by_formulas(const ClipTextOptions& options, const TensorMap& weights, const at::Tensor& ids) {
  const auto of = [&](const std::string& name) { return weights.at(name).to(at::kDouble); };
  const auto linear = [&](const at::Tensor& x, const std::string& name) {
    return at::matmul(x, of(name + ".weight").t()) + of(name + ".bias");
  };
  const auto norm = [&](const at::Tensor& x, const std::string& name) {
    const at::Tensor centred = x - x.mean(-1, true), variance = centred.square().mean(-1, true);
    return centred / (variance + options.norm_eps).sqrt() * of(name + ".weight") + of(name + ".bias");
  };
  const int64_t T = ids.size(1), H = options.heads;
  const at::Tensor later = at::ones({T, T}, at::kBool).triu(1);
  at::Tensor x = of("embeddings.token_embedding.weight").index({ids}) +
                 of("embeddings.position_embedding.weight").slice(0, 0, T);
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string layer = c10::str("encoder.layers.", i, "."), attention = layer + "self_attn.";
    const at::Tensor in = norm(x, layer + "layer_norm1");
    const auto heads = [&](const char* name) {
      return linear(in, attention + name).view({ids.size(0), T, H, -1}).transpose(1, 2);
    };
    const at::Tensor q = heads("q_proj"), k = heads("k_proj"), v = heads("v_proj");
    const at::Tensor scores = at::matmul(q, k.transpose(2, 3)) / std::sqrt(double(options.dim / H));
    const at::Tensor seen = at::matmul(scores.masked_fill(later, -INFINITY).softmax(-1), v);
    x = x + linear(seen.transpose(1, 2).flatten(2), attention + "out_proj");
    const at::Tensor hidden = linear(norm(x, layer + "layer_norm2"), layer + "mlp.fc1");
    x = x + linear(hidden * at::sigmoid(1.702 * hidden), layer + "mlp.fc2");
  }
  return norm(x, "final_layer_norm");
}

// The golden weights have no biases, and norms of ones.
TEST(ClipText, BiasesAndNormsCount) {
  auto golden = golden_clip();
  for (auto& [name, tensor] : golden.weights) tensor = tensor + 0.3 * at::randn_like(tensor);
  const ClipText model(golden_clip_options(), golden.weights, "model", c10::kCPU);
  const at::Tensor expected = by_formulas(golden_clip_options(), golden.weights, golden.ids);
  EXPECT_LT(relative_error(model.forward(golden.ids), expected), 1e-5);
}

// x Phi(x), where the golden network has x sigmoid(1.702 x).
TEST(ClipText, TheActivationIsWhatTheOptionsSay) {
  const auto golden = golden_clip();
  auto options = golden_clip_options();
  options.activation = ClipActivation::kGelu;
  const ClipText model(options, golden.weights, "model", c10::kCPU);
  const double error = relative_error(model.forward(golden.ids), golden.states);
  EXPECT_GT(error, 1e-4);
  EXPECT_LT(error, 1e-1);  // the one approximates the other
}

TEST(ClipText, ItsWeightsAreThoseThatItWasGiven) {
  const auto golden = golden_clip();
  const ClipText model(golden_clip_options(), golden.weights, "model", c10::kCPU);
  const auto weights = model.weights();
  ASSERT_EQ(weights.size(), golden.weights.size());
  for (const auto& [name, tensor] : golden.weights) EXPECT_TRUE(at::equal(weights.at(name), tensor)) << name;
}

TEST(ClipText, WhatDoesNotFitIsRefused) {
  auto golden = golden_clip();
  const ClipText model(golden_clip_options(), golden.weights, "model", c10::kCPU);
  EXPECT_THROW_WITH(model.forward(at::full({1, 3}, 3514)), c10::Error, "ids must be 0 to 3513");
  EXPECT_THROW_WITH(model.forward(at::zeros({1, 78}, at::kLong)), c10::Error, "T <= 77");
  golden.weights.erase("encoder.layers.1.mlp.fc1.bias");
  EXPECT_THROW_WITH(ClipText(golden_clip_options(), golden.weights, "file", c10::kCPU), UsageError,
                    "file: the weights do not fit the model: missing encoder.layers.1.mlp.fc1.bias [64]");
}

}  // namespace
}  // namespace uvic
