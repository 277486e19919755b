// What the tests of the fused CPU kernels share: a fixture that runs a case on one build of the kernels, and
// how close a result must be.
#pragma once
#include <gtest/gtest.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/oracle.h"
#include "support/support.h"

namespace uvic::testing {

/// The parameter is an index into cpu::supported_isas().
class FusedCpu : public ::testing::TestWithParam<size_t> {
 protected:
  const cpu::Isa& isa() const { return cpu::supported_isas()[GetParam()]; }
  AttentionResult run(const AttentionCase& c) const {
    const auto [out, lse] = cpu::forward(isa(), c.kind, c.q, c.k, c.v, c.scale, c.causal, c.documents);
    const auto [gq, gk, gv] =
        cpu::backward(isa(), c.kind, c.grad_out, c.q, c.k, c.v, out, lse, c.scale, c.causal, c.documents);
    return {out, lse, gq, gk, gv};
  }
};

inline std::string isa_name(const ::testing::TestParamInfo<size_t>& info) {
  std::string name = cpu::supported_isas()[info.param].name;
  for (char& c : name)
    if (!std::isalnum(c)) c = '_';
  return name;
}
#define UVIC_EVERY_ISA(suite)                                                                             \
  INSTANTIATE_TEST_SUITE_P(Isa, suite, ::testing::Range(size_t(0), ::uvic::cpu::supported_isas().size()), \
                           ::uvic::testing::isa_name)

/// Of float32 results of random normals. `tolerance` holds the gradients' 99.9th percentile.
inline void expect_close_to_oracle(const AttentionResult& ours, const AttentionResult& truth,
                                   double tolerance = 1e-5) {
  EXPECT_LT(relative_error(ours.lse, truth.lse), 1e-6);
  EXPECT_LT(normalised_mean_square_error(ours.out, truth.out), 1e-6);
  EXPECT_LT(percentile_error(ours.out, truth.out), 1e-5);
  const auto gradients = truth.gradients();
  for (size_t i = 0; i < 3; ++i) {
    const at::Tensor ours_i = ours.gradients()[i].second, truth_i = gradients[i].second;
    if (truth_i.abs().max().item<double>() < 1e-12) {  // one key: W = +-1 whatever q and k are
      EXPECT_LT(max_abs_error(ours_i, truth_i), 1e-5) << gradients[i].first;
      continue;
    }
    EXPECT_LT(normalised_mean_square_error(ours_i, truth_i), 1e-6) << gradients[i].first;
    EXPECT_LT(percentile_error(ours_i, truth_i), tolerance) << gradients[i].first;
  }
}

/// Of bfloat16 results: the unfused path computes in float32 and rounds its results once.
inline void expect_at_most_twice_unfused_error(const AttentionResult& ours, const AttentionCase& low,
                                               const AttentionResult& truth) {
  const AttentionResult theirs = unfused(low);
  const auto check = [](const at::Tensor& a, const at::Tensor& b, const at::Tensor& exact, const char* name) {
    EXPECT_EQ(a.scalar_type(), at::kBFloat16);
    const double error = (a.to(at::kDouble) - exact).norm().item<double>();
    const double allowed = (b.to(at::kDouble) - exact).norm().item<double>();
    EXPECT_LE(error, 2 * allowed + 1e-6 * exact.norm().item<double>() + 1e-3 * (exact.numel() < 200)) << name;
  };
  check(ours.out, theirs.out, truth.out, "out");
  for (size_t i = 0; i < 3; ++i)
    check(ours.gradients()[i].second, theirs.gradients()[i].second, truth.gradients()[i].second,
          truth.gradients()[i].first);
}

/// Rung 2, where `c` has exact scores: no sign can flip, so each element is held.
inline void expect_equal_elements(const AttentionResult& ours, const AttentionResult& truth) {
  EXPECT_TRUE(at::allclose(ours.out.to(at::kDouble), truth.out, 1e-6, 1e-6));
  EXPECT_TRUE(at::allclose(ours.lse.to(at::kDouble), truth.lse, 1e-6, 1e-6));
  for (size_t i = 0; i < 3; ++i) {
    const auto [name, expected] = truth.gradients()[i];
    const double largest = expected.abs().max().item<double>();
    EXPECT_LT(max_abs_error(ours.gradients()[i].second, expected), 2e-6 * std::max(1.0, largest)) << name;
  }
}

/// Rung 3: ours.gradients() against finite differences of sum(forward(case) * c.grad_out), for float64 and
/// points where no score is near 0, so that no weight jumps.
template <class Forward>
void expect_jacobian(const AttentionCase& c, const AttentionResult& ours, const Forward& forward) {
  constexpr double eps = 1e-6;
  for (size_t which = 0; which < 3; ++which) {
    const at::Tensor x = which == 0 ? c.q : which == 1 ? c.k : c.v;
    const at::Tensor analytic = ours.gradients()[which].second.contiguous();
    for (int64_t i = 0; i < analytic.numel(); ++i) {
      double sides[2];
      for (const int side : {0, 1}) {
        AttentionCase moved = c;
        at::Tensor& y = which == 0 ? moved.q : which == 1 ? moved.k : moved.v;
        y = x.contiguous().clone();
        y.flatten()[i] += side == 0 ? -eps : eps;
        sides[side] = (forward(moved) * c.grad_out).sum().template item<double>();
      }
      EXPECT_NEAR((sides[1] - sides[0]) / (2 * eps), analytic.flatten()[i].item<double>(), 1e-7);
    }
  }
}

}  // namespace uvic::testing
