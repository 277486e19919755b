// Another kind of attention is one struct a side. Shown with a kind that the operator does not have (its
// softmax, which stood here while LibTorch's served it, has kernels of its own now): W = softmax(-P), which
// is softmax attention of -q. Its hidden score is large where the others' are 0 and very low. The CUDA side
// is in cuda_emulator_test.cpp.
#define UVIC_ISA another_kind
#include <gtest/gtest.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cpu/isa.h"
#include "kernels/oracle.h"
#include "support/support.h"

namespace uvic::cpu::UVIC_ISA {

struct Repelled {
  static constexpr double kStart = -1e30, kHidden = 1e30;
  template <class T>
  static Vec<T> bound(Vec<T> s) {
    return -s;
  }
  template <class T>
  static Vec<T> weight(Vec<T>, Vec<T> e) {
    return e;
  }
  template <class T>
  static Vec<T> gradient(Vec<T>, Vec<T> e, Vec<T> dw, T dot) {
    return e * (dot - dw);
  }
};

}  // namespace uvic::cpu::UVIC_ISA

namespace uvic {
namespace {

using testing::AttentionCase;
using testing::AttentionResult;

const cpu::KernelSet* repelled_kernels(AttentionKind) {
  return cpu::another_kind::kernel_set<cpu::another_kind::Repelled, cpu::another_kind::F32>();
}

AttentionResult run(const AttentionCase& c) {
  const cpu::Isa isa{"portable", repelled_kernels};
  const auto [out, lse] = cpu::forward(isa, c.kind, c.q, c.k, c.v, c.scale, c.causal);
  const auto [gq, gk, gv] =
      cpu::backward(isa, c.kind, c.grad_out, c.q, c.k, c.v, out, lse, c.scale, c.causal);
  return {out, lse, gq, gk, gv};
}

AttentionResult softmax_of_negative_queries(AttentionCase c, at::ScalarType dtype) {
  c.q = -c.q;
  c.kind = AttentionKind::kSoftmax;
  AttentionResult result = testing::oracle(c, dtype);
  result.grad_q = -result.grad_q;
  return result;
}

TEST(AnotherKind, OneStructOverTheFusedCpuKernels) {
  for (const auto& [N, M] : {std::pair<int64_t, int64_t>{1, 7}, {33, 33}, {100, 257}, {150, 777}}) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(c10::str("N ", N, ", M ", M, causal ? ", causal" : ""));
      const AttentionCase c = testing::random_case(2, 2, N, M, 24, uint64_t(N + M), causal);
      for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-5}}) {
        const AttentionResult ours = run(testing::to(c, dtype)),
                              truth = softmax_of_negative_queries(c, dtype);
        EXPECT_LT(testing::relative_error(ours.out, truth.out), tolerance);
        EXPECT_LT(testing::relative_error(ours.lse, truth.lse), tolerance);
        for (size_t i = 0; i < 3; ++i)
          EXPECT_LT(testing::relative_error(ours.gradients()[i].second, truth.gradients()[i].second),
                    tolerance)
              << truth.gradients()[i].first;
      }
    }
  }
}

}  // namespace
}  // namespace uvic
