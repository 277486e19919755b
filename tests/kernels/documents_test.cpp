// Attention confined to documents (cu_seqlens): the fused CPU kernels of every build against the oracle, and
// against the same documents one at a time; then the operator around them.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <numeric>

#include "kernels/cog_attention.h"
#include "kernels/fused_cpu.h"
#include "nn/autocast.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::AttentionCase;
using testing::AttentionResult;

constexpr AttentionKind kKinds[] = {AttentionKind::kCog, AttentionKind::kSoftmax};

std::vector<int64_t> bounds_of(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> bounds(lengths.size() + 1, 0);
  std::partial_sum(lengths.begin(), lengths.end(), bounds.begin() + 1);
  return bounds;
}

// Two rows of 452 tokens, their documents around the blocks' edges and in another order.
const std::vector<int64_t> kFirstRow = bounds_of({1, 63, 257, 2, 65, 64}),
                           kTwoRows = bounds_of({1, 63, 257, 2, 65, 64, 65, 2, 64, 257, 1, 63});

AttentionCase two_rows(AttentionKind kind, int64_t H, int64_t D, bool causal) {
  AttentionCase c = testing::random_case(2, H, 452, 452, D, uint64_t(D), causal);
  c.kind = kind;
  c.documents = kTwoRows;
  return c;
}

using Documents = testing::FusedCpu;

TEST_P(Documents, ExactScoresElementwise) {
  for (const AttentionKind kind : kKinds) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(c10::str(name_of(kind), causal ? ", causal" : ""));
      AttentionCase c = testing::exact_case(452, 452, 16, 5);
      c.kind = kind, c.causal = causal, c.documents = kFirstRow;
      testing::expect_equal_elements(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
    }
  }
}

TEST_P(Documents, JacobianByFiniteDifferences) {
  for (const AttentionKind kind : kKinds) {
    for (const bool causal : {false, true}) {
      AttentionCase c;
      uint64_t seed = 1;
      do c = testing::random_case(1, 1, 6, 6, 8, seed++, causal);
      while (at::matmul(c.q, c.k.transpose(-1, -2)).abs().min().item<double>() * c.scale < 1e-4);
      c.kind = kind;
      c.documents = {0, 1, 3, 6};
      testing::expect_jacobian(c, run(c), [&](const AttentionCase& moved) {
        return std::get<0>(
            cpu::forward(isa(), kind, moved.q, moved.k, moved.v, c.scale, causal, c.documents));
      });
    }
  }
}

TEST_P(Documents, RandomNormals) {
  for (const AttentionKind kind : kKinds) {
    for (const bool causal : {false, true}) {
      for (const int64_t D : {24, 64}) {
        SCOPED_TRACE(c10::str(name_of(kind), ", D ", D, causal ? ", causal" : ""));
        const AttentionCase c = two_rows(kind, 2, D, causal), low = testing::to(c, at::kBFloat16);
        testing::expect_close_to_oracle(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
        testing::expect_at_most_twice_unfused_error(run(low), low, testing::oracle(c, at::kBFloat16));
        const AttentionResult ours = run(c), truth = testing::unfused(c);
        EXPECT_LT(testing::relative_error(ours.out, truth.out), 1e-12);
        for (size_t i = 0; i < 3; ++i)
          EXPECT_LT(testing::relative_error(ours.gradients()[i].second, truth.gradients()[i].second), 1e-12);
      }
    }
  }
}

void expect_equal_bits(const AttentionResult& a, const AttentionResult& b) {
  EXPECT_TRUE(at::equal(a.out, b.out) && at::equal(a.lse, b.lse));
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(at::equal(a.gradients()[i].second, b.gradients()[i].second)) << a.gradients()[i].first;
}

TEST_P(Documents, EachHasTheBitsThatItHasAloneForAnyThreads) {
  const int threads = at::get_num_threads();
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    for (const bool causal : {false, true}) {
      const AttentionCase c = testing::to(two_rows(AttentionKind::kCog, 2, 32, causal), dtype);
      at::set_num_threads(1);
      const AttentionResult all = run(c);
      for (const int n : {2, 3}) {
        at::set_num_threads(n);
        expect_equal_bits(run(c), all);
      }
      at::set_num_threads(2);
      for (size_t i = 0; i + 1 < kTwoRows.size(); ++i) {
        const int64_t begin = kTwoRows[i], length = kTwoRows[i + 1] - begin;
        const auto part = [&](const Tensor& x) {
          return x.narrow(0, begin / 452, 1).narrow(2, begin % 452, length);
        };
        expect_equal_bits(
            run({part(c.q), part(c.k), part(c.v), part(c.grad_out), c.scale, causal}),
            {part(all.out), part(all.lse), part(all.grad_q), part(all.grad_k), part(all.grad_v)});
      }
    }
  }
  at::set_num_threads(threads);
}

// Fewer heads than threads: the queries of the long documents' heads are split, and the parts' sums added.
TEST_P(Documents, OneHeadSplitOverThreads) {
  const int threads = at::get_num_threads();
  AttentionCase c = testing::random_case(1, 1, 452, 452, 64, 9, true);
  c.documents = kFirstRow;
  at::set_num_threads(3);
  const AttentionResult ours = run(testing::to(c, at::kFloat)), again = run(testing::to(c, at::kFloat));
  at::set_num_threads(threads);
  testing::expect_close_to_oracle(ours, testing::oracle(c, at::kFloat));
  expect_equal_bits(ours, again);
}

TEST_P(Documents, WhatIsWrongInOneStaysInIt) {
  for (const AttentionKind kind : kKinds) {
    AttentionCase c = testing::to(two_rows(kind, 1, 16, false), at::kFloat);
    for (Tensor* x : {&c.q, &c.k, &c.v, &c.grad_out}) {
      *x = x->contiguous();
      x->select(0, 0).narrow(1, 64, 257).fill_(NAN);
    }
    const AttentionResult ours = run(c);
    for (const Tensor& x : {ours.out, ours.grad_q, ours.grad_k, ours.grad_v}) {
      const Tensor finite = x.isfinite().all(-1).flatten();
      EXPECT_EQ(finite.sum().item<int64_t>(), 2 * 452 - 257);
      EXPECT_FALSE(finite.narrow(0, 64, 257).any().item<bool>());
    }
  }
}

UVIC_EVERY_ISA(Documents);

// Rung 1: q k^T = [1 ...], [0, 2 ...] as in cog_attention_test.cpp, each query alone or with one before it.
TEST(DocumentsOperator, HandWorkedCase) {
  const Tensor q = at::tensor({1.0, 0.0, 0.0, 2.0, 1.0, 1.0}, at::kDouble).view({1, 1, 3, 2});
  const Tensor k = at::tensor({-1.0, 0.0, 1.0, 1.0, 0.0, -1.0}, at::kDouble).view({1, 1, 3, 2});
  const Tensor v = at::tensor({3.0, 5.0, 7.0, 11.0, 13.0, 17.0}, at::kDouble).view({1, 1, 3, 2});
  const Tensor bounds = at::tensor({0, 1, 3}, at::kLong);
  const auto [out, lse] = attention(AttentionKind::kCog, q, k, v, 1.0, false, std::nullopt, bounds);
  // Scores: [-1], then [2, -2] and [2, -1].
  const double e = std::exp(1.0), a = e / (e + 1), b = 1 / (e + 1);
  const Tensor expected =
      at::tensor({-3.0, -5.0, (7.0 - 13) / 2, (11.0 - 17) / 2, a * 7 - b * 13, a * 11 - b * 17}, at::kDouble);
  EXPECT_LT(testing::max_abs_error(out.flatten(), expected), 1e-14);
  const Tensor sums = at::tensor({1.0, 2 + std::log(2.0), std::log(e * e + e)}, at::kDouble);
  EXPECT_LT(testing::max_abs_error(lse.flatten(), sums), 1e-14);
}

// Against the N x N mask that nobody makes: through autograd, fused and not, both kinds.
TEST(DocumentsOperator, EqualsAMask) {
  const Tensor bounds = at::tensor({0, 3, 4, 9, 14, 18}, at::kLong);
  for (const AttentionKind kind : kKinds) {
    for (const bool causal : {false, true}) {
      AttentionCase c = testing::random_case(2, 2, 9, 9, 8, 3);
      const std::vector<Tensor> inputs = {c.q.detach().requires_grad_(), c.k.detach().requires_grad_(),
                                          c.v.detach().requires_grad_()};
      const Tensor document = at::bucketize(at::arange(18), bounds, false, /*right=*/true).view({2, 1, 9});
      Tensor hidden = document.unsqueeze(-1).ne(document.unsqueeze(-2));
      if (causal) hidden = hidden.logical_or(at::ones({9, 9}, at::kBool).triu(1));
      const Tensor p = at::matmul(inputs[0], inputs[1].transpose(-2, -1)) * c.scale;
      const bool cog = kind == AttentionKind::kCog;
      Tensor weights = at::softmax((cog ? p.abs() : p).masked_fill(hidden, -INFINITY), -1);
      if (cog) weights = weights * p.sign();
      const Tensor expected = at::matmul(weights, inputs[2]);
      const auto expected_grads = torch::autograd::grad({expected}, inputs, {c.grad_out});
      for (const bool fused : {false, true}) {
        const Tensor out = std::get<0>(
            attention(kind, inputs[0], inputs[1], inputs[2], std::nullopt, causal, fused, bounds));
        EXPECT_LT(testing::relative_error(out.detach(), expected.detach()), 1e-13);
        const auto grads = torch::autograd::grad({out}, inputs, {c.grad_out});
        for (size_t i = 0; i < 3; ++i) EXPECT_LT(testing::relative_error(grads[i], expected_grads[i]), 1e-13);
      }
    }
  }
}

TEST(DocumentsOperator, AbsentOrUndefinedOrARowEachMeansTheSame) {
  const AttentionCase c = testing::to(testing::random_case(2, 2, 9, 9, 8, 3), at::kFloat);
  const auto out = [&](const std::optional<Tensor>& bounds) {
    return std::get<0>(attention(c.kind, c.q, c.k, c.v, std::nullopt, true, std::nullopt, bounds));
  };
  EXPECT_TRUE(at::equal(out(std::nullopt), out(Tensor())));
  EXPECT_TRUE(at::equal(out(std::nullopt), out(at::tensor({0, 9, 18}, at::kLong))));
  EXPECT_FALSE(at::equal(out(std::nullopt), out(at::tensor({0, 9, 13, 18}, at::kLong))));
}

TEST(DocumentsOperator, AutocastMetaAndEmptyBatches) {
  const Tensor q = at::randn({2, 2, 5, 8}), bounds = at::tensor({0, 2, 5, 10}, at::kLong);
  const auto run = [](const Tensor& x, const Tensor& cu_seqlens) {
    return attention(AttentionKind::kCog, x, x, x, std::nullopt, true, std::nullopt, cu_seqlens);
  };
  const Tensor on_meta = std::get<0>(run(q.to(at::kMeta), bounds));
  EXPECT_TRUE(on_meta.is_meta() && on_meta.sizes() == q.sizes());
  EXPECT_EQ(std::get<1>(run(at::zeros({0, 2, 5, 8}), at::zeros({1}, at::kLong))).sizes(),
            at::IntArrayRef({0, 2, 5}));
  const AutocastScope scope(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
  EXPECT_TRUE(at::equal(std::get<0>(run(q, bounds)), std::get<0>(run(q.to(at::kBFloat16), bounds))));
}

TEST(DocumentsOperator, BoundsThatDoNotFit) {
  const Tensor q = at::zeros({2, 1, 4, 8});
  const auto run = [&](const Tensor& cu_seqlens) {
    attention(AttentionKind::kCog, q, q, q, std::nullopt, true, std::nullopt, cu_seqlens);
  };
  const auto bounds = [](const std::vector<int64_t>& x) { return at::tensor(x, at::kLong); };
  EXPECT_THROW_WITH(run(bounds({1, 4, 8})), c10::Error, "begin with 0 and end with B * N = 8, got 1 and 8");
  EXPECT_THROW_WITH(run(bounds({0, 4, 7})), c10::Error, "got 0 and 7");
  EXPECT_THROW_WITH(run(bounds({0})), c10::Error, "got 0 and 0");
  EXPECT_THROW_WITH(run(bounds({0, 4, 4, 8})), c10::Error, "must rise, got 4 and 4 at 1");
  EXPECT_THROW_WITH(run(bounds({0, 9, 4, 8})), c10::Error, "must rise");
  EXPECT_THROW_WITH(run(bounds({0, -1, 4, 8})), c10::Error, "must rise");
  EXPECT_THROW_WITH(run(bounds({0, 3, 5, 8})), c10::Error, "one from 3 to 5 at rows of 4");
  EXPECT_THROW_WITH(run(bounds({0, 8})), c10::Error, "no document may cross a row");
  EXPECT_THROW_WITH(run(bounds({0, 4, 8}).to(at::kInt)), c10::Error, "cu_seqlens must be int64");
  EXPECT_THROW_WITH(run(bounds({0, 4, 8}).view({1, 3})), c10::Error, "[documents + 1]");
  EXPECT_THROW_WITH(run(bounds({0, 0, 4, 0, 8}).slice(0, 0, 5, 2)), c10::Error, "contiguous");
  EXPECT_THROW_WITH(run(bounds({0, 4, 8}).to(at::kMeta)), c10::Error, "on the CPU");
  EXPECT_THROW_WITH(run(at::empty({0}, at::kLong)), c10::Error, "[documents + 1]");
  const Tensor k = at::zeros({2, 1, 5, 8});
  EXPECT_THROW_WITH(
      attention(AttentionKind::kCog, q, k, k, std::nullopt, true, std::nullopt, bounds({0, 4, 8})),
      c10::Error, "cu_seqlens needs as many keys as queries");
}

}  // namespace
}  // namespace uvic
