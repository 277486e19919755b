// A block as one node of the graph against the same block of LibTorch's layers.
#include "nn/fused_block.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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
  Result run(std::optional<bool> fused, Precision precision, bool recompute = false) const {
    BlockOptions o = options(fused);
    o.recompute = recompute;
    Block block(o);
    at::manual_seed(7);
    for (Tensor& p : block.parameters()) {
      const at::NoGradGuard no_grad;
      p.copy_(at::randn(p.sizes()) / std::sqrt(double(p.size(-1))) + (p.dim() == 1 ? 0.5 : 0));
    }
    // 3 x 43 rows: more than one item of rows, and the last one is not whole.
    const auto random = [&] { return at::randn({3, 43, o.attention.dim}); };
    const Tensor x = random().requires_grad_(), skip = random().requires_grad_(), weight = random();
    Result result;
    {
      const AutocastScope autocast(AutocastState::for_precision(precision, c10::kCPU));
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

TEST(FusedBlockChoice, WhatItTakes) {
  BlockWeights w;
  w.qkv = at::zeros({192, 64}), w.num_heads = 2;
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
