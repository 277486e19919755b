// The operator against hand-worked numbers, the golden data, autograd's own gradients and its contract.
#include "kernels/cog_attention.h"

#include <ATen/CPUGeneratorImpl.h>

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "io/safetensors.h"
#include "kernels/choose.h"
#include "nn/autocast.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::fixture;
using testing::relative_error;

// Cog Attention as the published code writes it, differentiable by autograd alone.
Tensor published(const Tensor& q, const Tensor& k, const Tensor& v) {
  const Tensor p = at::matmul(q, k.transpose(-2, -1)) / std::sqrt(double(q.size(3)));
  return at::matmul(p.sign() * at::softmax(p.abs(), -1), v);
}

Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::kDouble);
}

// q k^T = [1, -1, 0] and [0, 2, -2] at scale 1: a zero score has weight 0, yet exp(0) stays in the
// denominator. D = 2, so this is the plain-ATen oracle of all other tests.
TEST(CogAttention, HandWorkedCaseWithAZeroScore) {
  const Tensor q = at::tensor({1.0, 0.0, 0.0, 2.0}, at::kDouble).view({1, 1, 2, 2});
  const Tensor k = at::tensor({1.0, 0.0, -1.0, 1.0, 0.0, -1.0}, at::kDouble).view({1, 1, 3, 2});
  const Tensor v = at::tensor({3.0, 5.0, 7.0, 11.0, 13.0, 17.0}, at::kDouble).view({1, 1, 3, 2});
  const auto [out, lse] = cog_attention(q, k, v, 1.0);
  const double e = std::exp(1.0), e2 = std::exp(2.0);
  const double a = e / (2 * e + 1), b = e2 / (2 * e2 + 1);
  const Tensor expected = at::tensor({a * (3 - 7), a * (5 - 11), b * (7 - 13), b * (11 - 17)}, at::kDouble);
  EXPECT_LT(testing::max_abs_error(out.flatten(), expected), 1e-14);
  const Tensor sums = at::tensor({std::log(2 * e + 1), std::log(2 * e2 + 1)}, at::kDouble);
  EXPECT_LT(testing::max_abs_error(lse.flatten(), sums), 1e-14);

  // Causal with one query more than half the keys: query 0 is position 1 and sees keys 0 and 1.
  const Tensor causal = std::get<0>(cog_attention(q, k, v, 1.0, /*causal=*/true)).flatten();
  EXPECT_NEAR(causal[0].item<double>(), 0.5 * (3 - 7), 1e-14);
  EXPECT_NEAR(causal[2].item<double>(), b * (7 - 13), 1e-14);
}

TEST(CogAttention, GoldenForwardAndBackward) {
  const auto golden = load_safetensors(fixture("attention_cog.safetensors")).tensors;
  for (const std::string name : {"L1_D64", "L257_D64", "L61_D72"}) {
    const auto get = [&](const char* part) { return golden.at(name + "." + part); };
    const Tensor q = get("q").requires_grad_(), k = get("k").requires_grad_(), v = get("v").requires_grad_();
    const auto [out, lse] = cog_attention(q, k, v);
    out.backward(get("grad_out"));
    const auto check = [&](const Tensor& ours, const char* part) {
      const bool zero = get(part).abs().max().item<double>() == 0;  // at N = 1, W = +-1 whatever q and k are
      const double error = zero ? testing::max_abs_error(ours, get(part)) : relative_error(ours, get(part));
      EXPECT_LT(error * error, 1e-6) << name << " " << part;  // normalised mean square error
    };
    check(out.detach(), "out");
    check(lse, "lse_abs");
    check(q.grad(), "grad_q");
    check(k.grad(), "grad_k");
    check(v.grad(), "grad_v");
  }
}

TEST(CogAttention, GradientsEqualAutogradsOfThePublishedForm) {
  Tensor q = random({2, 3, 7, 5}, 1), k = random({2, 3, 7, 5}, 2), v = random({2, 3, 7, 5}, 3);
  q.select(2, 4).zero_();  // a row of true zero scores
  const Tensor grad = random({2, 3, 7, 5}, 4);
  const std::vector<Tensor> inputs = {q.requires_grad_(), k.requires_grad_(), v.requires_grad_()};
  const auto ours = torch::autograd::grad({std::get<0>(cog_attention(q, k, v))}, inputs, {grad});
  const auto theirs = torch::autograd::grad({published(q, k, v)}, inputs, {grad});
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_error(ours[i], theirs[i]), 1e-13) << i;
}

TEST(CogAttention, PackedStridesAndExplicitScale) {
  const Tensor packed = random({2, 9, 3, 4, 8}, 5).permute({2, 0, 3, 1, 4});
  const Tensor q = packed[0], k = packed[1], v = packed[2];
  const auto [from_views, lse] = cog_attention(q, k, v, 0.25);
  const auto [from_copies, lse2] = cog_attention(q.contiguous(), k.contiguous(), v.contiguous(), 0.25);
  EXPECT_LT(relative_error(from_views, from_copies), 1e-15);
  EXPECT_GT(relative_error(std::get<0>(cog_attention(q, k, v)), from_views), 1e-3);
}

TEST(CogAttention, GradientsOfASubsetOfInputs) {
  const Tensor q = random({1, 1, 4, 4}, 6), k = random({1, 1, 4, 4}, 7).requires_grad_(),
               v = random({1, 1, 4, 4}, 8);
  std::get<0>(cog_attention(q, k, v)).sum().backward();
  EXPECT_TRUE(k.grad().defined());
  EXPECT_FALSE(q.grad().defined());
}

TEST(CogAttention, GradientsOfUnequalLengthsAndCausal) {
  for (const std::optional<bool> fused : {std::optional<bool>(), std::optional<bool>(false)}) {
    const Tensor q = random({2, 2, 5, 8}, 11).requires_grad_(), k = random({2, 2, 9, 8}, 12).requires_grad_(),
                 v = random({2, 2, 9, 8}, 13).requires_grad_(), grad = random({2, 2, 5, 8}, 14);
    const auto ours = torch::autograd::grad(
        {std::get<0>(cog_attention(q, k, v, std::nullopt, /*causal=*/true, fused))}, {q, k, v}, {grad});
    const Tensor p = at::matmul(q, k.transpose(-2, -1)) / std::sqrt(8.0);
    const Tensor hidden = at::ones({5, 9}, at::kBool).triu(5);
    const Tensor weights = p.sign() * at::softmax(p.abs().masked_fill(hidden, -INFINITY), -1);
    const auto theirs = torch::autograd::grad({at::matmul(weights, v)}, {q, k, v}, {grad});
    for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_error(ours[i], theirs[i]), 1e-13) << i;
  }
}

// Sizes that no fused kernel takes go the unfused way, and asking for the fused one says why not.
TEST(CogAttention, WhichKernelRuns) {
  EXPECT_TRUE(choose_kernel({c10::kCPU, at::kFloat, 64}).fused);
  EXPECT_NE(choose_kernel({c10::kCPU, at::kFloat, 64}).description().find("fused, CPU "), std::string::npos);
  EXPECT_FALSE(choose_kernel({c10::kCPU, at::kFloat, 64, false}).fused);
  EXPECT_EQ(choose_kernel({c10::kCPU, at::kFloat, 12}).description(),
            "unfused (head size 12 is not a multiple of 8)");
  EXPECT_FALSE(choose_kernel({c10::kCPU, at::kHalf, 64}).fused);
  EXPECT_FALSE(choose_kernel({c10::kCPU, at::kFloat, 264}).fused);
  EXPECT_FALSE(choose_kernel({c10::kCUDA, at::kHalf, 64}).fused);
  EXPECT_THROW_WITH(choose_kernel({c10::kCPU, at::kFloat, 12, true}), c10::Error, "not a multiple of 8");
  const Tensor q = random({1, 1, 3, 12}, 1);
  EXPECT_THROW_WITH(cog_attention(q, q, q, std::nullopt, false, true), c10::Error, "not a multiple of 8");
}

// The operator and the messages ask the same question: what the one runs, the other tells.
TEST(CogAttention, TheReasonWhyNotTheFusedKernel) {
  const auto reason = [](AttentionCall call) { return choose_kernel(call).description(); };
  EXPECT_EQ(reason({c10::kCPU, at::kFloat, 64, false}), "unfused, as asked");
  EXPECT_EQ(reason({c10::kCPU, at::kHalf, 64}), "unfused (dtype Half is not float32, bfloat16 or float64)");
  EXPECT_EQ(reason({c10::kCPU, at::kFloat, 264}), "unfused (head size 264 is over 256)");
  EXPECT_EQ(reason({.head_dim = 64, .fused = true, .scale = -0.5}), "unfused (scale -0.5 is not positive)");
  EXPECT_EQ(reason({.kind = AttentionKind(7)}),
            "unfused (there is no fused kernel for this kind of attention)");
  EXPECT_EQ(reason({c10::kMeta, at::kFloat, 64}), "unfused (there is no fused kernel for meta)");
  EXPECT_THROW_WITH(choose_kernel({.fused = true, .kind = AttentionKind(7)}), c10::Error,
                    "fused is not possible: there is no fused kernel for this kind");
}

TEST(CogAttention, SoftmaxEqualsScaledDotProductAttention) {
  EXPECT_TRUE(choose_kernel({.kind = AttentionKind::kSoftmax}).fused);
  const Tensor q = random({2, 3, 5, 8}, 21).requires_grad_(), k = random({2, 3, 9, 8}, 22).requires_grad_(),
               v = random({2, 3, 9, 8}, 23).requires_grad_(), grad = random({2, 3, 5, 8}, 24);
  const auto [out, lse] = attention(AttentionKind::kSoftmax, q, k, v);
  const Tensor theirs = at::scaled_dot_product_attention(q, k, v);
  EXPECT_LT(relative_error(out, theirs), 1e-13);
  EXPECT_LT(relative_error(lse, at::logsumexp(at::matmul(q, k.transpose(-2, -1)) / std::sqrt(8.0), -1)),
            1e-14);
  const auto ours = torch::autograd::grad({out}, {q, k, v}, {grad});
  const auto expected = torch::autograd::grad({theirs}, {q, k, v}, {grad});
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_error(ours[i], expected[i]), 1e-13) << i;
}

TEST(CogAttention, NegativeAndZeroScales) {
  const Tensor q = random({1, 1, 3, 8}, 1), k = random({1, 1, 3, 8}, 2), v = random({1, 1, 3, 8}, 3);
  EXPECT_LT(
      relative_error(std::get<0>(cog_attention(q, k, v, -0.5)), -std::get<0>(cog_attention(q, k, v, 0.5))),
      1e-14);
  EXPECT_EQ(std::get<0>(cog_attention(q, k, v, 0.0)).abs().max().item<double>(), 0.0);
}

TEST(CogAttention, AutocastCastsAndKeepsFloatStatistics) {
  const Tensor q = random({1, 2, 5, 8}, 9).to(at::kFloat);
  const AutocastScope scope(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
  const auto [out, lse] = cog_attention(q, q, q);
  EXPECT_EQ(out.scalar_type(), at::kBFloat16);
  EXPECT_EQ(lse.scalar_type(), at::kFloat);
}

TEST(CogAttention, MetaTensorsGiveShapes) {
  const Tensor q = at::empty({2, 3, 5, 8}, at::TensorOptions().device(at::kMeta));
  const auto [out, lse] = cog_attention(q, q, q);
  EXPECT_EQ(out.sizes(), q.sizes());
  EXPECT_EQ(lse.sizes(), at::IntArrayRef({2, 3, 5}));
}

TEST(CogAttention, EmptyBatch) {
  const Tensor q = at::zeros({0, 2, 5, 8});
  EXPECT_EQ(std::get<0>(cog_attention(q, q, q)).sizes(), q.sizes());
}

TEST(CogAttention, DoubleBackwardIsRefused) {
  const Tensor q = random({1, 1, 3, 4}, 10).requires_grad_();
  const Tensor out = std::get<0>(cog_attention(q, q, q));
  EXPECT_THROW_WITH(torch::autograd::grad({out}, {q}, {at::ones_like(out).requires_grad_()}, true, true),
                    c10::Error, "double backward");
}

TEST(CogAttention, BadInputNamesTheArgument) {
  const Tensor q = at::zeros({1, 2, 3, 4});
  EXPECT_THROW_WITH(cog_attention(q[0], q, q), c10::Error, "q must be [B, H, N, D], got [2, 3, 4]");
  EXPECT_THROW_WITH(cog_attention(q, at::zeros({1, 2, 3, 5}), q), c10::Error, "k must be [1, 2, M, 4]");
  EXPECT_THROW_WITH(cog_attention(q, q, q.to(at::kDouble)), c10::Error, "v must have q's dtype");
  EXPECT_THROW_WITH(cog_attention(q, q, at::zeros({1, 2, 4, 4})), c10::Error, "v must have k's length M = 3");
  EXPECT_THROW_WITH(cog_attention(q, at::zeros({1, 2, 0, 4}), at::zeros({1, 2, 0, 4})), c10::Error,
                    "at least one position");
  EXPECT_THROW_WITH(cog_attention(at::zeros({1, 2, 4, 4}), q, q, std::nullopt, true), c10::Error,
                    "causal needs as many keys as queries");
  EXPECT_THROW_WITH(cog_attention(q, q.to(at::kMeta), q), c10::Error, "k must be on q's device");
  EXPECT_THROW_WITH(cog_attention(q.to(at::kLong), q, q), c10::Error, "floating point");
  EXPECT_THROW_WITH(attention(AttentionKind(7), q, q, q), c10::Error, "there is no kind 7");
}

}  // namespace
}  // namespace uvic
