// A block as one node of the graph against the same block of LibTorch's layers.
#include "nn/fused_block.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/block_rows.h"
#include "kernels/cuda/plan.h"
#include "nn/autocast.h"
#include "nn/block.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

struct Case {
  AttentionKind kind;
  int64_t dim, heads;
  bool skip;
};

std::string name_of_case(const ::testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  return c10::str(name_of(c.kind), "_", c.dim, c.skip ? "_skip" : "");
}

struct Result {
  Tensor out;
  std::vector<std::pair<std::string, Tensor>> grads;
};

class FusedBlock : public ::testing::TestWithParam<Case> {
 protected:
  BlockOptions options(std::optional<bool> fused) const {
    const Case& c = GetParam();
    return {.attention = {.dim = c.dim, .num_heads = c.heads, .kind = c.kind, .fused = fused},
            .mlp_hidden = 3 * c.dim,
            .skip = c.skip};
  }

  // The block whose attention is not fused, which is LibTorch's layers, or one node; of the same weights.
  Result run(std::optional<bool> fused, Precision precision, bool recompute = false,
             c10::DeviceType device = c10::kCPU) const {
    BlockOptions o = options(fused);
    o.recompute = recompute;
    Block block(o);
    at::manual_seed(7);
    for (Tensor& p : block.parameters()) {
      const at::NoGradGuard no_grad;
      p.copy_(at::randn(p.sizes()) / std::sqrt(double(p.size(-1))) + (p.dim() == 1 ? 0.5 : 0));
    }
    block.to(device);
    // 3 x 43 rows: more than one item of rows, and the last one is not whole.
    const auto random = [&] { return at::randn({3, 43, o.attention.dim}).to(device); };
    const Tensor x = random().requires_grad_(), skip = random().requires_grad_(), weight = random();
    Result result;
    {
      const AutocastScope autocast(AutocastState::for_precision(precision, device));
      result.out = block.forward(x, o.skip ? skip : Tensor());
    }
    if (fused != false) {
      EXPECT_EQ(result.out.scalar_type(), at::kFloat);
    }
    (result.out * weight).sum().backward();
    result.grads = {{"x", x.grad()}};
    if (o.skip) result.grads.emplace_back("skip", skip.grad());
    for (const auto& item : block.named_parameters())
      result.grads.emplace_back(item.key(), item.value().grad());
    result.out = result.out.cpu();
    for (auto& named : result.grads) named.second = named.second.cpu();
    return result;
  }

  // |found - right| / |right| of the output, then of each gradient.
  static std::vector<double> errors(const Result& found, const Result& right) {
    std::vector<double> all = {testing::relative_error(found.out, right.out)};
    EXPECT_EQ(found.grads.size(), right.grads.size());
    for (size_t i = 0; i < right.grads.size(); ++i) {
      EXPECT_TRUE(found.grads[i].second.defined()) << found.grads[i].first;
      all.push_back(testing::relative_error(found.grads[i].second, right.grads[i].second));
    }
    return all;
  }
};

TEST_P(FusedBlock, EqualsLibTorchsLayers) {
  for (const double error : errors(run(std::nullopt, Precision::kFp32), run(false, Precision::kFp32)))
    EXPECT_LT(error, 1e-5);
}

// Rounded to bfloat16 between the products: as near to float32 as LibTorch's layers under autocast are.
TEST_P(FusedBlock, InBfloat16) {
  const Result right = run(false, Precision::kFp32);
  const auto ours = errors(run(std::nullopt, Precision::kBf16), right),
             theirs = errors(run(false, Precision::kBf16), right);
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_LT(ours[i], 1.5 * theirs[i] + 1e-3) << i;
}

TEST_P(FusedBlock, RecomputedToTheSameBits) {
  const Result kept = run(std::nullopt, Precision::kBf16), again = run(std::nullopt, Precision::kBf16, true);
  EXPECT_TRUE(at::equal(kept.out, again.out));
  for (size_t i = 0; i < kept.grads.size(); ++i)
    EXPECT_TRUE(at::equal(kept.grads[i].second, again.grads[i].second)) << kept.grads[i].first;
}

TEST_P(FusedBlock, EvaluatesToTheSameBits) {
  at::manual_seed(7);
  Block block(options(std::nullopt));
  const Tensor x = at::randn({3, 43, GetParam().dim}), skip = at::randn_like(x);
  const Tensor trained = block.forward(x, GetParam().skip ? skip : Tensor());
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(trained.requires_grad());
  EXPECT_TRUE(at::equal(block.forward(x, GetParam().skip ? skip : Tensor()), trained));
}

TEST_P(FusedBlock, DoesNotDependOnTheThreads) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Result one = run(std::nullopt, Precision::kFp32);
  at::set_num_threads(threads);
  const Result all = run(std::nullopt, Precision::kFp32);
  // Of what is not ATen's: its products of matrices may differ.
  for (const double error : errors(all, one)) EXPECT_LT(error, 1e-5);
}

// Widths that are no multiple of a vector, too.
INSTANTIATE_TEST_SUITE_P(Kinds, FusedBlock,
                         ::testing::Values(Case{AttentionKind::kCog, 64, 2, false},
                                           Case{AttentionKind::kCog, 64, 2, true},
                                           Case{AttentionKind::kCog, 40, 5, true},
                                           Case{AttentionKind::kSoftmax, 72, 3, false}),
                         name_of_case);

// On a GPU, where it is asked for: as near to LibTorch's layers on the CPU as the CPU's is.
class CudaFusedBlock : public FusedBlock {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) GTEST_SKIP() << "no GPU, or LibTorch without CUDA";
    if (!cuda::built()) GTEST_SKIP() << "this build has no CUDA kernels";
  }
};

TEST_P(CudaFusedBlock, EqualsTheCpusLayers) {
  const Result right = run(false, Precision::kFp32);
  for (const double error : errors(run(true, Precision::kFp32, false, c10::kCUDA), right))
    EXPECT_LT(error, 2e-5);
  const auto ours = errors(run(true, Precision::kBf16, false, c10::kCUDA), right),
             theirs = errors(run(false, Precision::kBf16), right);
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_LT(ours[i], 1.5 * theirs[i] + 1e-3) << i;
}

TEST_P(CudaFusedBlock, TheSameTwice) {
  const Result once = run(true, Precision::kBf16, false, c10::kCUDA),
               twice = run(true, Precision::kBf16, true, c10::kCUDA);
  EXPECT_TRUE(at::equal(once.out, twice.out));
  for (size_t i = 0; i < once.grads.size(); ++i)
    EXPECT_TRUE(at::equal(once.grads[i].second, twice.grads[i].second)) << once.grads[i].first;
}

INSTANTIATE_TEST_SUITE_P(Kinds, CudaFusedBlock,
                         ::testing::Values(Case{AttentionKind::kCog, 64, 2, false},
                                           Case{AttentionKind::kCog, 128, 2, true},
                                           Case{AttentionKind::kSoftmax, 144, 2, true}),
                         name_of_case);

TEST(FusedBlockChoice, GpusTakeItWhereItIsAskedForUntilOneHasProvenIt) {
  EXPECT_TRUE(wants_fused_block(c10::kCPU, std::nullopt));
  EXPECT_EQ(wants_fused_block(c10::kCUDA, std::nullopt), kBlockRowsAreProvenOnGpus);
  EXPECT_TRUE(wants_fused_block(c10::kCUDA, true));
  EXPECT_FALSE(wants_fused_block(c10::kCPU, false));
  EXPECT_FALSE(can_run_block_rows(c10::kCUDA, 2052, 8208));  // wider than a block of threads
  EXPECT_FALSE(can_run_block_rows(c10::kMeta, 64, 256));
}

TEST(FusedBlockChoice, WhatItTakes) {
  BlockWeights w;
  w.qkv = at::zeros({192, 64}), w.fc1 = at::zeros({256, 64}), w.num_heads = 2;
  const Tensor x = at::zeros({1, 5, 64});
  EXPECT_TRUE(can_fuse_block(x, w));
  EXPECT_FALSE(can_fuse_block(x.to(at::kDouble), w));
  w.kind = AttentionKind::kSigmoid;  // has no fused kernel
  EXPECT_FALSE(can_fuse_block(x, w));
  w.kind = AttentionKind::kCog;
  const AutocastScope autocast(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
  EXPECT_TRUE(can_fuse_block(x, w));
}

}  // namespace
}  // namespace uvic
