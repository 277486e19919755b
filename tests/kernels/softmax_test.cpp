// Softmax attention on the fused CPU kernels of every build: where Cog Attention's rungs are in
// fused_cpu_test.cpp, these are softmax's, and LibTorch's scaled_dot_product_attention can check it.
#include <torch/csrc/autograd/autograd.h>

#include "kernels/fused_cpu.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::AttentionCase;
using testing::AttentionResult;

AttentionCase softmax(AttentionCase c) {
  c.kind = AttentionKind::kSoftmax;
  return c;
}

// Rung 1: q k^T = [1, -1, 0] and [0, 2, -2] at scale 1. A score of 0 is one like others.
TEST(SoftmaxAttention, HandWorkedCase) {
  AttentionCase c;
  c.q = at::tensor({1.0, 0.0, 0.0, 2.0}, at::kDouble).view({1, 1, 2, 2});
  c.k = at::tensor({1.0, 0.0, -1.0, 1.0, 0.0, -1.0}, at::kDouble).view({1, 1, 3, 2});
  c.v = at::tensor({3.0, 5.0, 7.0, 11.0, 13.0, 17.0}, at::kDouble).view({1, 1, 3, 2});
  c.grad_out = at::zeros_like(c.q);
  const AttentionResult ours = testing::unfused(softmax(c));
  const double e = std::exp(1.0), e2 = e * e, z = e + 1 / e + 1, z2 = 1 + e2 + 1 / e2;
  const Tensor expected = at::tensor({(3 * e + 7 / e + 13) / z, (5 * e + 11 / e + 17) / z,
                                      (3 + 7 * e2 + 13 / e2) / z2, (5 + 11 * e2 + 17 / e2) / z2},
                                     at::kDouble);
  EXPECT_LT(testing::max_abs_error(ours.out.flatten(), expected), 1e-14);
  EXPECT_LT(testing::max_abs_error(ours.lse.flatten(), at::tensor({std::log(z), std::log(z2)}, at::kDouble)),
            1e-14);
}

using SoftmaxCpu = testing::FusedCpu;

TEST_P(SoftmaxCpu, ExactScoresElementwise) {
  for (const auto& [N, M] : {std::pair<int64_t, int64_t>{33, 33}, {1, 7}, {100, 257}, {257, 600}}) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(c10::str("N ", N, causal ? ", causal" : ""));
      AttentionCase c = softmax(testing::exact_case(N, M, 64, uint64_t(N)));
      c.causal = causal;
      testing::expect_equal_elements(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
    }
  }
}

TEST_P(SoftmaxCpu, JacobianByFiniteDifferences) {
  for (const bool causal : {false, true}) {
    const AttentionCase c = softmax(testing::random_case(1, 1, 5, 7, 8, 2, causal));
    testing::expect_jacobian(c, run(c), [&](const AttentionCase& moved) {
      return std::get<0>(cpu::forward(isa(), c.kind, moved.q, moved.k, moved.v, c.scale, causal));
    });
  }
}

TEST_P(SoftmaxCpu, RandomNormals) {
  for (const auto& [N, M] :
       {std::pair<int64_t, int64_t>{1, 1}, {1, 300}, {2, 2}, {64, 64}, {65, 257}, {334, 334}, {513, 1025}}) {
    for (const bool causal : {false, true}) {
      for (const int64_t D : {16, 72}) {
        SCOPED_TRACE(c10::str("N ", N, ", M ", M, ", D ", D, causal ? ", causal" : ""));
        const AttentionCase c = softmax(testing::random_case(1, 2, N, M, D, uint64_t(N + D), causal));
        testing::expect_close_to_oracle(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
        const AttentionCase low = testing::to(c, at::kBFloat16);
        testing::expect_at_most_twice_unfused_error(run(low), low, testing::oracle(c, at::kBFloat16));
      }
    }
  }
}

// Every score far below 0: a maximum that started at 0 would lose all weights, and exp(0 - lse) of a key that
// only pads would be infinite.
TEST_P(SoftmaxCpu, LargeNegativeScores) {
  for (const double gain : {20., 3000.}) {
    for (const bool causal : {false, true}) {
      AttentionCase c = softmax(testing::random_case(1, 2, 70, 601, 32, 3, causal));
      c.q = c.q.abs() * gain;
      c.k = -c.k.abs();
      ASSERT_LT((at::matmul(c.q, c.k.transpose(-1, -2)) * c.scale).max().item<double>(), -gain / 2);
      const AttentionResult ours = run(testing::to(c, at::kFloat)), truth = testing::oracle(c, at::kFloat);
      const double tolerance = 1e-5 * gain;  // a score's rounding error is an exponent's
      EXPECT_LT(testing::relative_error(ours.out, truth.out), tolerance);
      EXPECT_LT(testing::relative_error(ours.lse, truth.lse), 1e-6);
      for (size_t i = 0; i < 3; ++i)
        EXPECT_LT(testing::relative_error(ours.gradients()[i].second, truth.gradients()[i].second), tolerance)
            << truth.gradients()[i].first;
    }
  }
}

// Later keys score ever higher, so every block of keys raises the maximum and rescales; hidden ones are the
// highest of all and must not.
TEST_P(SoftmaxCpu, TheMaximumRisesAndHiddenScoresDoNotRaiseIt) {
  AttentionCase c = softmax(testing::random_case(1, 1, 700, 700, 16, 3, /*causal=*/true));
  c.q = c.q.abs();
  c.k = c.k.abs() * at::linspace(0, 30, 700, at::kDouble).view({1, 1, 700, 1});
  const AttentionResult ours = run(testing::to(c, at::kFloat)), truth = testing::oracle(c, at::kFloat);
  EXPECT_LT(testing::relative_error(ours.out, truth.out), 1e-4);
  EXPECT_LT(testing::relative_error(ours.lse, truth.lse), 1e-6);
  EXPECT_LT(testing::relative_error(ours.grad_v, truth.grad_v), 1e-4);
}

TEST_P(SoftmaxCpu, EqualsScaledDotProductAttention) {
  for (const bool causal : {false, true}) {
    const AttentionCase c = softmax(testing::random_case(2, 2, 130, 130, 64, 4, causal));
    const std::vector<Tensor> inputs = {c.q.detach().requires_grad_(), c.k.detach().requires_grad_(),
                                        c.v.detach().requires_grad_()};
    const Tensor out = at::scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], {}, 0, causal);
    const auto expected = torch::autograd::grad({out}, inputs, {c.grad_out});
    const AttentionResult ours = run(c);
    EXPECT_LT(testing::relative_error(ours.out, out.detach()), 1e-13);
    for (size_t i = 0; i < 3; ++i)
      EXPECT_LT(testing::relative_error(ours.gradients()[i].second, expected[i]), 1e-12) << i;
  }
}

UVIC_EVERY_ISA(SoftmaxCpu);

}  // namespace
}  // namespace uvic
