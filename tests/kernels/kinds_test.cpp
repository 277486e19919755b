// The kinds of attention that have no fused kernels, each against its formula as it is written, in float64.
#include <torch/csrc/autograd/autograd.h>

#include "kernels/attention_weights.h"
#include "kernels/choose.h"
#include "kernels/cog_attention.h"
#include "kernels/fused_cpu.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::AttentionCase;
using testing::relative_error;

constexpr AttentionKind kUnfused[] = {AttentionKind::kSoftmax1, AttentionKind::kSigmoid,
                                      AttentionKind::kCogSum1};

// W of scores none of which is hidden, by the formula; differentiable by autograd alone.
Tensor formula(AttentionKind kind, const Tensor& p) {
  const Tensor cog = p.sign() * p.abs().exp() / p.abs().exp().sum(-1, true);
  switch (kind) {
    case AttentionKind::kSoftmax:
      return p.exp() / p.exp().sum(-1, true);
    case AttentionKind::kCog:
      return cog;
    case AttentionKind::kSoftmax1:
      return p.exp() / (1 + p.exp().sum(-1, true));
    case AttentionKind::kSigmoid:
      return 1 / (1 + (std::log(double(p.size(-1))) - p).exp());
    case AttentionKind::kCogSum1: {
      const Tensor sum = cog.sum(-1, true), least = at::full_like(sum, kLeastRowSum);
      return cog / at::where(sum.abs().lt(kLeastRowSum), at::where(sum.lt(0), -least, least), sum);
    }
  }
  return {};
}

Tensor scores_of(const AttentionCase& c) {
  return at::matmul(c.q, c.k.transpose(-2, -1)) * c.scale;
}

// Row by row, so that a row sees its keys and no other.
Tensor direct(const AttentionCase& c) {
  const Tensor p = scores_of(c);
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < p.size(2); ++i) {
    const int64_t seen = c.causal ? i + 1 + p.size(3) - p.size(2) : p.size(3);
    const Tensor w = formula(c.kind, p.narrow(2, i, 1).narrow(3, 0, seen));
    rows.push_back(at::matmul(w, c.v.narrow(2, 0, seen)));
  }
  return at::cat(rows, 2);
}

AttentionCase case_of(AttentionKind kind, bool causal, uint64_t seed = 3) {
  AttentionCase c = testing::random_case(2, 3, 5, 9, 8, seed, causal);
  c.kind = kind;
  return c;
}

TEST(AttentionKinds, WeightsAreTheirFormulas) {
  const Tensor p = scores_of(case_of(AttentionKind::kCog, false));
  for (const auto& [kind, name] : kAttentionKinds)
    EXPECT_LT(relative_error(attention_weights(kind, p), formula(kind, p)), 1e-13) << name;
}

TEST(AttentionKinds, ForwardAndGradientsAreThoseOfTheFormula) {
  for (const AttentionKind kind : kUnfused) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(c10::str(name_of(kind), causal ? ", causal" : ""));
      AttentionCase c = case_of(kind, causal);
      for (Tensor* x : {&c.q, &c.k, &c.v}) *x = x->detach().contiguous().requires_grad_();
      const Tensor out = std::get<0>(attention(kind, c.q, c.k, c.v, c.scale, causal)), expected = direct(c);
      EXPECT_LT(relative_error(out, expected), 1e-13);
      const auto ours = torch::autograd::grad({out}, {c.q, c.k, c.v}, {c.grad_out});
      const auto theirs = torch::autograd::grad({expected}, {c.q, c.k, c.v}, {c.grad_out});
      for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_error(ours[i], theirs[i]), 1e-11) << i;
    }
  }
}

TEST(AttentionKinds, JacobianByFiniteDifferences) {
  for (const AttentionKind kind : kUnfused) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(c10::str(name_of(kind), causal ? ", causal" : ""));
      AttentionCase c = testing::random_case(1, 1, 4, 6, 8, 5, causal);
      c.kind = kind;
      const Tensor p = scores_of(c);
      ASSERT_GT(p.abs().min().item<double>(), 1e-4);
      testing::expect_jacobian(c, testing::unfused(c), [](const AttentionCase& moved) {
        return std::get<0>(
            reference::attention(moved.kind, moved.q, moved.k, moved.v, moved.scale, moved.causal));
      });
    }
  }
}

// Scores [0, 0, ...] leave softmax + 1 with n / (n + 1) and the sigmoid with 1 / (n + 1) a key; exponents
// that overflow float64 take nothing away from either.
TEST(AttentionKinds, ExtremeScores) {
  const Tensor zero = at::zeros({1, 3}, at::kDouble), low = zero - 2000, high = zero + 2000;
  for (const AttentionKind kind : {AttentionKind::kSoftmax1, AttentionKind::kSigmoid})
    EXPECT_LT(relative_error(attention_weights(kind, zero), at::full({1, 3}, 0.25, at::kDouble)), 1e-13);
  for (const AttentionKind kind : {AttentionKind::kSoftmax1, AttentionKind::kSigmoid})
    EXPECT_EQ(attention_weights(kind, low).abs().max().item<double>(), 0);
  EXPECT_LT(relative_error(attention_weights(AttentionKind::kSoftmax1, high), zero + 1. / 3), 1e-12);
  EXPECT_LT(relative_error(attention_weights(AttentionKind::kSigmoid, high), zero + 1), 1e-14);
  const Tensor mixed = at::tensor({2000., -2000., 1999.}, at::kDouble).view({1, 3});
  for (const auto& [kind, name] : kAttentionKinds)
    EXPECT_TRUE(attention_weights(kind, mixed).isfinite().all().item<bool>()) << name;
}

TEST(AttentionKinds, HiddenKeysHaveNoWeightAndCountForNothing) {
  const Tensor p = scores_of(case_of(AttentionKind::kCog, false)), hidden = at::arange(9).ge(6);
  for (const auto& [kind, name] : kAttentionKinds) {
    const Tensor w = attention_weights(kind, p, hidden);
    EXPECT_EQ(w.slice(-1, 6).abs().max().item<double>(), 0) << name;
    EXPECT_LT(relative_error(w.slice(-1, 0, 6), formula(kind, p.slice(-1, 0, 6))), 1e-14) << name;
  }
}

// Two scores a and -b with weights C = e^a / z, -e^b / z whose sum is s.
Tensor scores_with_row_sum(double s) {
  return at::tensor({std::log1p(s), -std::log1p(-s)}, at::kDouble)
      .add_(at::tensor({1., -1.}, at::kDouble))
      .view({1, 2});
}

TEST(CogOfRowSum1, RowsSumToOneUnlessCogsSumIsTooNearToZero) {
  for (const double s : {0.5, -0.5, 0.02, -0.02, 0.004, -0.004, 0.}) {
    const Tensor p = scores_with_row_sum(s), cog = attention_weights(AttentionKind::kCog, p),
                 w = attention_weights(AttentionKind::kCogSum1, p);
    ASSERT_NEAR(cog.sum().item<double>(), s, 1e-14);
    const double kept = std::copysign(std::max(std::abs(s), kLeastRowSum), s);
    EXPECT_NEAR(w.sum().item<double>(), s / kept, 1e-11) << s;
    EXPECT_NEAR(w.abs().sum().item<double>(), 1 / std::abs(kept), 1e-11) << s;
  }
  const Tensor none = attention_weights(AttentionKind::kCogSum1, at::zeros({2, 3}, at::kDouble));
  EXPECT_EQ(none.abs().max().item<double>(), 0);
}

TEST(CogOfRowSum1, GradientWhereTheSumIsKeptFromZero) {
  for (const double s : {0.004, -0.004}) {
    AttentionCase c;
    c.q = at::ones({1, 1, 1, 1}, at::kDouble);
    c.k = scores_with_row_sum(s).view({1, 1, 2, 1});
    c.v = at::tensor({0.3, -0.7}, at::kDouble).view({1, 1, 2, 1});
    c.grad_out = at::ones({1, 1, 1, 1}, at::kDouble);
    c.kind = AttentionKind::kCogSum1;
    testing::expect_jacobian(c, testing::unfused(c), [](const AttentionCase& moved) {
      return std::get<0>(reference::attention(moved.kind, moved.q, moved.k, moved.v, moved.scale, false));
    });
  }
}

// What a decoder does: the last query of the first M keys is the row of the whole.
TEST(AttentionKinds, ACausalRowDoesNotDependOnWhatFollows) {
  for (const AttentionKind kind : kUnfused) {
    const AttentionCase c = testing::random_case(1, 2, 7, 7, 8, 11);
    const Tensor whole = std::get<0>(attention(kind, c.q, c.k, c.v, c.scale, /*causal=*/true));
    const auto [part, lse] =
        attention(kind, c.q.slice(2, 3, 4), c.k.slice(2, 0, 4), c.v.slice(2, 0, 4), c.scale, true);
    EXPECT_LT(relative_error(part, whole.slice(2, 3, 4)), 1e-14) << name_of(kind);
    const Tensor bounds = at::tensor({0, 3, 7}, at::kLong);
    const Tensor documents = std::get<0>(attention(kind, c.q, c.k, c.v, c.scale, true, std::nullopt, bounds));
    const auto tail = [](const Tensor& x) { return x.slice(2, 3); };
    EXPECT_LT(relative_error(tail(documents),
                             std::get<0>(attention(kind, tail(c.q), tail(c.k), tail(c.v), c.scale, true))),
              1e-14);
  }
}

TEST(AttentionKinds, LowPrecisionIsComputedInFloat32AndRoundedOnce) {
  for (const AttentionKind kind : kUnfused) {
    const AttentionCase low = testing::to(case_of(kind, false), at::kBFloat16);
    const auto exact = testing::oracle(low, at::kBFloat16), ours = testing::unfused(low);
    EXPECT_EQ(ours.out.scalar_type(), at::kBFloat16);
    EXPECT_LT(relative_error(ours.out, exact.out), 4e-3) << name_of(kind);
    EXPECT_LT(relative_error(ours.grad_v, exact.grad_v), 4e-3) << name_of(kind);
  }
}

TEST(AttentionKinds, NoFusedKernelIsSaidAndRefusedWhereAskedFor) {
  for (const AttentionKind kind : kUnfused) {
    EXPECT_EQ(choose_kernel({.kind = kind}).description(),
              "unfused (there is no fused kernel for this kind of attention)");
    EXPECT_THROW_WITH(choose_kernel({.fused = true, .kind = kind}), c10::Error, "there is no fused kernel");
  }
}

}  // namespace
}  // namespace uvic
