// Another kind of attention is one struct a side. Shown with softmax, which LibTorch can check: the CPU's
// Forward and Backward, built here for any CPU over a struct of ours, against the plain-ATen softmax and
// against scaled_dot_product_attention with its gradients. The CUDA side is in cuda_emulator_test.cpp.
#define UVIC_ISA another_kind
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cpu/isa.h"
#include "kernels/oracle.h"
#include "support/support.h"

namespace uvic::cpu::UVIC_ISA {

struct Softmax {
  static constexpr double kStart = -1e30, kHidden = -1e30;
  template <class T>
  static Vec<T> bound(Vec<T> s) {
    return s;
  }
  template <class T>
  static Vec<T> weight(Vec<T>, Vec<T> e) {
    return e;
  }
  template <class T>
  static Vec<T> gradient(Vec<T>, Vec<T> e, Vec<T> dw, T dot) {
    return e * (dw - dot);
  }
};

}  // namespace uvic::cpu::UVIC_ISA

namespace uvic {
namespace {

using at::Tensor;
using testing::AttentionCase;
using testing::AttentionResult;

const cpu::KernelSet* softmax_kernels(AttentionKind) {
  return cpu::another_kind::kernel_set<cpu::another_kind::Softmax, cpu::another_kind::F32>();
}

AttentionResult run(const AttentionCase& c) {
  const cpu::Isa isa{"portable", softmax_kernels};
  const auto [out, lse] = cpu::forward(isa, c.kind, c.q, c.k, c.v, c.scale, c.causal);
  const auto [gq, gk, gv] =
      cpu::backward(isa, c.kind, c.grad_out, c.q, c.k, c.v, out, lse, c.scale, c.causal);
  return {out, lse, gq, gk, gv};
}

AttentionCase softmax_case(int64_t N, int64_t M, int64_t D, bool causal = false) {
  AttentionCase c = testing::random_case(2, 2, N, M, D, uint64_t(N + M + D), causal);
  c.kind = AttentionKind::kSoftmax;
  return c;
}

void expect_close(const AttentionCase& c) {
  for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-13}, {at::kFloat, 2e-6}}) {
    const AttentionResult ours = run(testing::to(c, dtype)), truth = testing::oracle(c, dtype);
    EXPECT_LT(testing::relative_error(ours.out, truth.out), tolerance);
    EXPECT_LT(testing::relative_error(ours.lse, truth.lse), tolerance);
    for (size_t i = 0; i < 3; ++i) {
      const auto [name, expected] = truth.gradients()[i];
      const double scale =
          std::max(1.0, expected.abs().max().item<double>());  // nearly 0 where one key is seen
      EXPECT_LT(testing::max_abs_error(ours.gradients()[i].second, expected), 10 * tolerance * scale) << name;
    }
  }
}

TEST(AnotherKind, SoftmaxOverTheFusedCpuKernels) {
  for (const auto& [N, M] : {std::pair<int64_t, int64_t>{1, 1}, {1, 7}, {33, 33}, {100, 257}, {150, 777}})
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(c10::str("N ", N, ", M ", M, causal ? ", causal" : ""));
      for (const int64_t D : {16, 72}) expect_close(softmax_case(N, M, D, causal));
    }
}

// Every score far below 0: a maximum that started at 0 would lose all weights, and exp(0 - lse) of a key that
// only pads would be infinite.
TEST(AnotherKind, SoftmaxOfLargeNegativeScores) {
  for (const bool causal : {false, true}) {
    AttentionCase c = softmax_case(70, 601, 32, causal);
    c.q = c.q.abs() * 20;
    c.k = c.k.abs() * -1;
    const Tensor p = at::matmul(c.q, c.k.transpose(-1, -2)) * c.scale;
    ASSERT_LT(p.max().item<double>(), -10);
    const AttentionResult ours = run(testing::to(c, at::kFloat)), truth = testing::oracle(c, at::kFloat);
    EXPECT_LT(testing::relative_error(ours.out, truth.out), 1e-4);
    EXPECT_LT(testing::relative_error(ours.lse, truth.lse), 1e-6);
    for (size_t i = 0; i < 3; ++i)
      EXPECT_LT(testing::relative_error(ours.gradients()[i].second, truth.gradients()[i].second), 1e-4) << i;
  }
}

TEST(AnotherKind, SoftmaxEqualsScaledDotProductAttention) {
  const AttentionCase c = softmax_case(65, 65, 64);
  const std::vector<Tensor> inputs = {c.q.detach().requires_grad_(), c.k.detach().requires_grad_(),
                                      c.v.detach().requires_grad_()};
  const Tensor out = at::scaled_dot_product_attention(inputs[0], inputs[1], inputs[2]);
  const auto expected = torch::autograd::grad({out}, inputs, {c.grad_out});
  const AttentionResult ours = run(c);
  EXPECT_LT(testing::relative_error(ours.out, out.detach()), 1e-13);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_LT(testing::relative_error(ours.gradients()[i].second, expected[i]), 1e-12) << i;
}

}  // namespace
}  // namespace uvic
