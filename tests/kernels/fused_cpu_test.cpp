// The fused CPU kernels, every build that this machine runs, against the float64 oracle: exact scores, the
// Jacobian, random normals at real sizes in float32 and bfloat16, causal and unequal lengths.
#include "kernels/fused_cpu.h"

#include <ATen/Parallel.h>

#include "io/safetensors.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::AttentionCase;
using testing::AttentionResult;
using testing::expect_close_to_oracle;
using testing::FusedCpu;
using testing::normalised_mean_square_error;

// Rung 2: bit-equal scores, so no sign can flip and each element is held.
TEST_P(FusedCpu, ExactScoresElementwise) {
  for (const int64_t D : {16, 64, 256}) {
    for (const auto& [N, M] : {std::pair<int64_t, int64_t>{33, 33}, {1, 7}, {100, 257}, {257, 600}}) {
      const AttentionCase c = testing::exact_case(N, M, D, uint64_t(N * D));
      SCOPED_TRACE(c10::str("N ", N, ", D ", D));
      testing::expect_equal_elements(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
    }
  }
}

TEST_P(FusedCpu, AZeroScoreWeighsNothingYetStaysInTheDenominator) {
  AttentionCase c = testing::exact_case(9, 21, 16, 1);
  c.q.select(2, 3).zero_();
  const AttentionResult ours = run(testing::to(c, at::kFloat));
  EXPECT_EQ(ours.out.select(2, 3).abs().max().item<float>(), 0.f);
  EXPECT_NEAR(ours.lse.select(2, 3).max().item<float>(), std::log(21.0), 1e-6);
  EXPECT_EQ(ours.grad_q.select(2, 3).abs().max().item<float>(), 0.f);
}

// Rung 3, where no score is near 0, so that finite differences do not meet a jump.
TEST_P(FusedCpu, JacobianByFiniteDifferences) {
  AttentionCase c;
  uint64_t seed = 1;
  do c = testing::random_case(1, 1, 5, 7, 8, seed++);
  while (at::matmul(c.q, c.k.transpose(-1, -2)).abs().min().item<double>() * c.scale < 1e-4);
  testing::expect_jacobian(c, run(c), [&](const AttentionCase& moved) { return run(moved).out; });
}

TEST_P(FusedCpu, Golden) {
  const auto golden = load_safetensors(testing::fixture("attention_cog.safetensors")).tensors;
  for (const std::string name : {"L1_D64", "L257_D64", "L61_D72"}) {
    const auto get = [&](const char* part) { return golden.at(name + "." + part); };
    const double D = double(get("q").size(3));
    const AttentionCase c{get("q"), get("k"), get("v"), get("grad_out"), 1 / std::sqrt(D), false};
    expect_close_to_oracle(run(c), {get("out"), get("lse_abs"), get("grad_q"), get("grad_k"), get("grad_v")});
  }
}

TEST_P(FusedCpu, CausalAndUnequalLengths) {
  for (const bool causal : {false, true}) {
    for (const auto& [N, M] :
         {std::pair<int64_t, int64_t>{1, 1}, {1, 300}, {97, 97}, {70, 133}, {200, 777}, {650, 650}}) {
      const AttentionCase c = testing::random_case(2, 2, N, M, 24, uint64_t(N + M), causal);
      SCOPED_TRACE(c10::str("N ", N, ", M ", M, causal ? ", causal" : ""));
      expect_close_to_oracle(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
    }
  }
  for (const auto& [N, M] : {std::pair<int64_t, int64_t>{97, 40}, {3, 1}}) {
    const AttentionCase c = testing::random_case(1, 1, N, M, 16, 5);
    expect_close_to_oracle(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat));
  }
}

// A hidden score may be far larger than the seen ones: it must not reach the maximum.
TEST_P(FusedCpu, CausalIgnoresLargeHiddenScores) {
  AttentionCase c = testing::random_case(1, 1, 40, 40, 16, 3, true);
  c.k = c.k.clone();
  c.k.select(2, 39).mul_(1e4);
  const AttentionResult ours = run(testing::to(c, at::kFloat)), truth = testing::oracle(c, at::kFloat);
  EXPECT_LT(normalised_mean_square_error(ours.out.narrow(2, 0, 39), truth.out.narrow(2, 0, 39)), 1e-10);
}

TEST_P(FusedCpu, LargeScoresStayFinite) {
  AttentionCase c = testing::random_case(1, 2, 70, 700, 64, 4);
  c.q = c.q * 300;
  const AttentionResult ours = run(testing::to(c, at::kFloat)), truth = testing::oracle(c, at::kFloat);
  EXPECT_LT(testing::relative_error(ours.lse, truth.lse), 1e-6);
  EXPECT_LT(normalised_mean_square_error(ours.out, truth.out), 1e-6);
}

TEST_P(FusedCpu, NotANumberStaysInItsRow) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    AttentionCase c = testing::to(testing::random_case(1, 1, 30, 600, 32, 6), dtype);
    c.q.select(2, 4).select(2, 0).fill_(NAN);
    const auto [out, lse] = cpu::forward(isa(), c.kind, c.q, c.k, c.v, c.scale, false);
    const Tensor finite = out.isfinite().all(-1).flatten();
    EXPECT_FALSE(finite[4].item<bool>());
    EXPECT_TRUE(std::isnan(lse.flatten()[4].item<float>()));
    EXPECT_EQ(finite.sum().item<int64_t>(), 29);
  }
}

TEST_P(FusedCpu, AnyStrides) {
  const AttentionCase c = testing::to(testing::random_case(2, 3, 37, 37, 40, 7), at::kFloat);
  const AttentionResult packed = run(c);
  AttentionCase other = c;
  other.q = c.q.contiguous();
  other.k = c.k.transpose(2, 3).contiguous().transpose(2, 3);  // last dimension not contiguous
  other.grad_out = c.grad_out.flip(2).flip(2);
  const AttentionResult ours = run(other);
  EXPECT_TRUE(at::equal(ours.out, packed.out));
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(at::equal(ours.gradients()[i].second, packed.gradients()[i].second));
  const Tensor one = c.v.narrow(0, 0, 1).narrow(1, 0, 1);
  other.v = one.expand({2, 3, 37, 40});  // strides of 0
  EXPECT_TRUE(at::equal(run(other).out, [&] {
    other.v = other.v.contiguous();
    return run(other).out;
  }()));
  EXPECT_TRUE(ours.out.transpose(1, 2).is_contiguous());
}

TEST_P(FusedCpu, EqualBitsForAnyThreadsAndTwice) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const AttentionCase c = testing::to(testing::random_case(2, 2, 258, 258, 64, 8), dtype);
    const AttentionResult first = run(c), second = run(c);
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const AttentionResult alone = run(c);
    at::set_num_threads(threads);
    EXPECT_TRUE(at::equal(first.out, second.out) && at::equal(first.out, alone.out));
    EXPECT_TRUE(at::equal(first.lse, second.lse) && at::equal(first.lse, alone.lse));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(at::equal(first.gradients()[i].second, second.gradients()[i].second)) << i;
      EXPECT_TRUE(at::equal(first.gradients()[i].second, alone.gradients()[i].second)) << i;
    }
  }
}

// One head over many threads: queries are split and the parts' sums added in order.
TEST_P(FusedCpu, OneHeadSplitOverThreads) {
  const int threads = at::get_num_threads();
  at::set_num_threads(3);
  const AttentionCase c = testing::random_case(1, 1, 513, 300, 64, 9);
  const AttentionResult ours = run(testing::to(c, at::kFloat)), again = run(testing::to(c, at::kFloat));
  at::set_num_threads(threads);
  expect_close_to_oracle(ours, testing::oracle(c, at::kFloat));
  EXPECT_TRUE(at::equal(ours.grad_k, again.grad_k) && at::equal(ours.grad_v, again.grad_v));
}

// Rung 4: random normals at the sizes that matter and around the blocks' edges.
class FusedCpuSizes : public FusedCpu {};

TEST_P(FusedCpuSizes, Float32AndBFloat16) {
  for (const int64_t N : {1, 2, 63, 64, 65, 257, 258, 334, 513, 1025}) {
    for (const int64_t D : {16, 32, 64, 72, 80, 128}) {
      if (N > 334 && D != 64 && D != 72) continue;
      SCOPED_TRACE(c10::str("N ", N, ", D ", D));
      const AttentionCase c = testing::random_case(1, 2, N, N, D, uint64_t(1000 * N + D));
      // 2 million scores at N = 1025, so about two flips: each moves O_i, so rowsum(dO * O)_i and, through
      // W_ij of that row, every row of dK by some 1e-5.
      expect_close_to_oracle(run(testing::to(c, at::kFloat)), testing::oracle(c, at::kFloat),
                             N > 1000 ? 5e-5 : 1e-5);

      const AttentionCase low = testing::to(c, at::kBFloat16);
      testing::expect_at_most_twice_unfused_error(run(low), low, testing::oracle(c, at::kBFloat16));
    }
  }
}

UVIC_EVERY_ISA(FusedCpu);
UVIC_EVERY_ISA(FusedCpuSizes);

}  // namespace
}  // namespace uvic
