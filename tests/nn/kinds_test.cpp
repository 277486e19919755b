// Kinds of attention, QK-norm and gated output in the network.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/errors.h"
#include "kernels/attention_weights.h"
#include "nn/attention_kernels.h"
#include "nn/autocast.h"
#include "nn/cogformer_decoder.h"
#include "nn/model_of_shapes.h"
#include "nn/parameter_shapes.h"
#include "nn/uvit.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

ModelOptions small(AttentionKind kind, bool qk_norm, bool gate) {
  ModelOptions options;
  options.img_size = {8};
  options.patch_size = 4;
  options.embed_dim = 32;
  options.depth = 2;
  options.num_heads = 2;
  options.num_classes = 4;
  options.attention = kind;
  options.softmax_layers = {"none"};
  options.qk_norm = qk_norm;
  options.attention_gate = gate;
  return options;
}

template <class F>
void for_each_variant(const F& f) {
  for (const auto& [kind, name] : kAttentionKinds) {
    for (const bool qk_norm : {false, true}) {
      for (const bool gate : {false, true}) {
        SCOPED_TRACE(c10::str(name, qk_norm ? ", QK-norm" : "", gate ? ", gated" : ""));
        f(small(kind, qk_norm, gate));
      }
    }
  }
}

Attention attention_of(const ModelOptions& o, std::optional<bool> fused = std::nullopt) {
  return Attention({o.embed_dim, o.num_heads, true, o.attention, fused, o.qk_norm, o.attention_gate});
}

// With scales and gates that are not what they begin with.
void disturb(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  for (auto& parameter : module.parameters()) parameter.add_(at::randn_like(parameter), 0.3);
}

// By the formulas, from the module's parameters.
Tensor direct(const torch::nn::Module& module, const ModelOptions& o, const Tensor& x) {
  const auto weights = module.named_parameters();
  const int64_t B = x.size(0), N = x.size(1), H = o.num_heads, D = o.head_dim();
  const Tensor qkv = at::matmul(x, weights["qkv.weight"].t()) + weights["qkv.bias"];
  const auto part = [&](int64_t i) {
    return qkv.slice(2, i * H * D, (i + 1) * H * D).view({B, N, H, D}).transpose(1, 2);
  };
  const auto norm = [&](const Tensor& y, const char* name) {
    return o.qk_norm ? y / (y.square().mean(-1, true) + 1e-6).sqrt() * weights[name] : y;
  };
  const Tensor p =
      at::matmul(norm(part(0), "q_norm.weight"), norm(part(1), "k_norm.weight").transpose(2, 3)) /
      std::sqrt(double(D));
  Tensor out = at::matmul(attention_weights(o.attention, p), part(2)).transpose(1, 2).reshape({B, N, H * D});
  if (o.attention_gate) out = out / (1 + at::exp(-at::matmul(x, weights["gate.weight"].t())));
  return at::matmul(out, weights["proj.weight"].t()) + weights["proj.bias"];
}

TEST(KindsInTheNetwork, AttentionIsItsFormulas) {
  for_each_variant([](const ModelOptions& options) {
    at::manual_seed(2);
    Attention attention = attention_of(options);
    disturb(attention);
    attention.to(at::kDouble);
    const Tensor x = at::randn({2, 5, options.embed_dim}, at::kDouble);
    const at::NoGradGuard no_grad;
    EXPECT_LT(relative_error(attention.forward(x), direct(attention, options, x)), 1e-13);
  });
}

// The finite differences of every parameter, along one random direction.
TEST(KindsInTheNetwork, GradientsByFiniteDifferences) {
  constexpr double eps = 1e-6;
  for_each_variant([](const ModelOptions& options) {
    at::manual_seed(3);
    Attention attention = attention_of(options);
    disturb(attention);
    attention.to(at::kDouble);
    const Tensor x = at::randn({1, 3, options.embed_dim}, at::kDouble), grad = at::randn_like(x);
    (attention.forward(x) * grad).sum().backward();
    for (auto& item : attention.named_parameters()) {
      Tensor& parameter = item.value();
      ASSERT_TRUE(parameter.grad().defined()) << item.key();
      const Tensor direction = at::randn_like(parameter);
      const at::NoGradGuard no_grad;
      double sides[2];
      for (const int side : {0, 1}) {
        parameter.add_(direction, side == 0 ? -eps : 2 * eps);
        sides[side] = (attention.forward(x) * grad).sum().item<double>();
      }
      parameter.add_(direction, -eps);
      const double expected = (parameter.grad() * direction).sum().item<double>();
      EXPECT_NEAR((sides[1] - sides[0]) / (2 * eps), expected, 1e-6 * (1 + std::abs(expected))) << item.key();
    }
  });
}

TEST(KindsInTheNetwork, QkNormBoundsTheScoresWhateverTheWeights) {
  const ModelOptions options = small(AttentionKind::kCog, true, false);
  Attention attention = attention_of(options);
  const at::NoGradGuard no_grad;
  attention.named_parameters()["qkv.weight"].mul_(1e4);
  const Tensor x = at::randn({1, 6, options.embed_dim});
  const auto normalised = [&](int64_t i) {
    const Tensor y = at::linear(x, attention.named_parameters()["qkv.weight"])
                         .view({6, 3, 2, 16})
                         .select(1, i)
                         .transpose(0, 1);
    return y / y.square().mean(-1, true).sqrt();
  };
  const Tensor p = at::matmul(normalised(0), normalised(1).transpose(1, 2)) / 4;
  EXPECT_LE(p.abs().max().item<double>(), 4 + 1e-4);  // sqrt(D)
  EXPECT_LT(relative_error(attention.forward(x), direct(attention, options, x)), 1e-4);
  EXPECT_TRUE(attention.forward(x).isfinite().all().item<bool>());
}

TEST(KindsInTheNetwork, TheFusedCogKernelServesQkNormAndGate) {
  const ModelOptions options = small(AttentionKind::kCog, true, true);
  at::manual_seed(5);
  Attention fused = attention_of(options, true);
  disturb(fused);
  Attention unfused = attention_of(options, false);
  for (const auto& item : fused.named_parameters()) {
    const at::NoGradGuard no_grad;
    unfused.named_parameters()[item.key()].copy_(item.value());
  }
  const Tensor x = at::randn({2, 65, options.embed_dim});
  EXPECT_LT(relative_error(fused.forward(x), unfused.forward(x)), 1e-5);
  EXPECT_FALSE(at::equal(fused.forward(x), unfused.forward(x)));
  const Tensor exact = unfused.forward(x);
  const AutocastScope autocast(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
  const Tensor low = fused.forward(x);
  EXPECT_EQ(low.scalar_type(), at::kBFloat16);
  EXPECT_LT(relative_error(low, exact), 3e-2);
}

TEST(KindsInTheNetwork, SoftmaxPlusOneByAKeyOfZerosIsThatOfTheOperator) {
  const ModelOptions options = small(AttentionKind::kSoftmax1, false, false);
  at::manual_seed(6);
  Attention padded = attention_of(options), plain = attention_of(options, false);
  for (const auto& item : padded.named_parameters()) {
    const at::NoGradGuard no_grad;
    plain.named_parameters()[item.key()].copy_(item.value());
  }
  const Tensor x = at::randn({2, 33, options.embed_dim});
  EXPECT_LT(relative_error(padded.forward(x), plain.forward(x)), 1e-6);
}

TEST(KindsInTheNetwork, ShapesAreToldWithoutTheNetworkAndByIt) {
  for_each_variant([](const ModelOptions& options) {
    const UViT model(options);
    ParameterShapes shapes;
    for (const auto& [name, tensor] : named_weights(model)) shapes[name] = tensor.sizes().vec();
    EXPECT_EQ(parameter_shapes(options), shapes);
    const ModelOfShapes read = model_of_shapes(shapes, ModelOptions());
    EXPECT_EQ(read.model.qk_norm, options.qk_norm);
    EXPECT_EQ(read.model.attention_gate, options.attention_gate);
    EXPECT_EQ(shapes.contains("mid_block.attn.q_norm.weight"), options.qk_norm);
    EXPECT_EQ(shapes.contains("in_blocks.0.attn.gate.weight"), options.attention_gate);
  });
  const auto bare = parameter_shapes(small(AttentionKind::kCog, false, false));
  EXPECT_EQ(contradictions(small(AttentionKind::kCog, true, false), model_of_shapes(bare, ModelOptions())),
            "model.qk_norm is true, but the weights have false (no mid_block.attn.q_norm.weight)");
}

// One C x C product a token and block more for the gate; norms are not counted.
TEST(KindsInTheNetwork, FlopsCountTheGate) {
  const auto flops = [](bool qk_norm, bool gate) {
    return forward_flops(small(AttentionKind::kCog, qk_norm, gate));
  };
  EXPECT_EQ(flops(true, false), flops(false, false));
  EXPECT_EQ(flops(false, true) - flops(false, false), 2 * 3 * 6 * 32 * 32);  // 3 blocks, 6 tokens
}

TEST(KindsInTheNetwork, WhatTwoVariantsShareBeginsAlike) {
  const auto initial = [](const ModelOptions& options) {
    at::manual_seed(7);
    return named_weights(UViT(options));
  };
  const auto plain = initial(small(AttentionKind::kCog, false, false));
  for_each_variant([&](const ModelOptions& options) {
    const auto weights = initial(options);
    for (const auto& [name, tensor] : plain) EXPECT_TRUE(at::equal(weights.at(name), tensor)) << name;
    for (const auto& [name, tensor] : weights) {
      const bool scales = name.ends_with("_norm.weight"), gates = name.ends_with("gate.weight");
      EXPECT_TRUE(!scales || at::equal(tensor, at::ones_like(tensor))) << name;
      EXPECT_NEAR(gates ? tensor.std().item<double>() : 0.02, 0.02, 2e-3) << name;
    }
  });
}

TEST(KindsInTheNetwork, WholeNetworksTrainWithAndWithoutRecomputation) {
  for_each_variant([](ModelOptions options) {
    std::vector<std::vector<Tensor>> gradients;
    for (const bool recompute : {false, true}) {
      options.use_checkpoint = recompute;
      at::manual_seed(8);
      UViT model(options);
      model.forward(at::randn({2, 1, 8, 8}), at::full({2}, 10.0), at::tensor({0, 3}))
          .square()
          .mean()
          .backward();
      auto& found = gradients.emplace_back();
      for (const auto& parameter : model.parameters()) found.push_back(parameter.grad());
    }
    for (size_t i = 0; i < gradients[0].size(); ++i)
      EXPECT_TRUE(at::equal(gradients[0][i], gradients[1][i])) << i;
  });
}

TEST(KindsInTheNetwork, TheStartLineSaysWhatRuns) {
  const auto line = [](const ModelOptions& options) {
    return describe_attention(options, c10::kCPU, Precision::kFp32, Purpose::kTraining);
  };
  ModelOptions options = small(AttentionKind::kSigmoid, false, false);
  EXPECT_EQ(line(options),
            "attention: 3 sigmoid blocks, unfused (there is no fused kernel for this kind of attention)");
  options.softmax_layers = {"first", "last"};
  options.attention = "softmax1";
  EXPECT_EQ(line(options).find("attention: 2 softmax blocks, fused, CPU "), 0u) << line(options);
  EXPECT_TRUE(
      line(options).ends_with("; 1 softmax + 1 block, scaled_dot_product_attention with a key of zeros"))
      << line(options);
  EXPECT_EQ(line(small(AttentionKind::kSoftmax, true, true)),
            "attention: 3 softmax blocks, scaled_dot_product_attention; QK-norm; gated output");
  for (const AttentionKind kind :
       {AttentionKind::kSoftmax1, AttentionKind::kSigmoid, AttentionKind::kCogSum1}) {
    ModelOptions asks = small(kind, false, false);
    asks.attention_kernel = "fused";
    EXPECT_THROW_WITH(
        line(asks), UsageError,
        "model.attention_kernel: cog_attention: fused is not possible: there is no fused kernel");
  }
  const auto writes = [](AttentionKind kind) {
    return writes_scores(small(kind, false, false), c10::kCPU, Precision::kFp32);
  };
  EXPECT_TRUE(writes(AttentionKind::kSigmoid) && writes(AttentionKind::kCogSum1));
  EXPECT_FALSE(writes(AttentionKind::kSoftmax) || writes(AttentionKind::kSoftmax1) ||
               writes(AttentionKind::kCog));
}

// Causal, with documents and token by token: the language model has them all.
TEST(KindsInTheNetwork, TheLanguageModelGeneratesAsItTrains) {
  for (const auto& [kind, name] : kAttentionKinds) {
    CogformerOptions options;
    options.vocab_size = 11, options.dim = 32, options.n_layers = 3, options.n_heads = 2,
    options.hidden_dim = 24;
    options.max_seq_length = 8, options.attention = kind, options.softmax_layers = {"first"};
    at::manual_seed(9);
    Cogformer model(options);
    disturb(model);
    const Tensor tokens = at::tensor({1, 4, 7, 1, 9, 2, 3, 10}, at::kLong);
    const at::NoGradGuard no_grad;
    const Tensor whole = model.forward(tokens.view({1, 8}))[0];
    const CogformerDecoder decoder(model, at::kFloat);
    KeyValueCache cache = decoder.new_cache(1, 8);
    Tensor last = decoder.extend(cache, 0, tokens.slice(0, 0, 5));
    for (int64_t i = 5; i < 8; ++i) {
      EXPECT_LT(relative_error(last, whole[i - 1]), 1e-4) << name << " " << i;
      last = decoder.step(cache, {0}, tokens.slice(0, i, i + 1))[0];
    }
    EXPECT_LT(relative_error(last, whole[7]), 1e-4) << name;
  }
}

}  // namespace
}  // namespace uvic
