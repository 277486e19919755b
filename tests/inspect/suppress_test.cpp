// Taking tokens away is setting their columns of W to 0.
#include "inspect/suppress.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/attention_weights.h"
#include "nn/attention.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

class Suppressed : public ::testing::TestWithParam<AttentionKind> {};

TEST_P(Suppressed, AColumnIsZero) {
  constexpr int64_t B = 2, N = 9, H = 2, C = 16;
  at::manual_seed(3);
  Attention attention({.dim = C, .num_heads = H, .qkv_bias = false, .kind = GetParam(), .fused = {}});
  const at::NoGradGuard no_grad;
  const Tensor x = at::randn({B, N, C});
  Suppressor suppressor({{2, 7}});
  suppressor.begin(x, {});
  const ObserverScope scope(suppressor);
  const Tensor out = attention.forward(x);

  const auto parameters = attention.named_parameters();
  const auto packed =
      at::linear(x, parameters["qkv.weight"]).view({B, N, 3, H, C / H}).permute({2, 0, 3, 1, 4});
  Tensor w =
      attention_weights(GetParam(), at::matmul(packed[0], packed[1].transpose(-2, -1)) / std::sqrt(C / H));
  w.select(3, 2).zero_();
  w.select(3, 7).zero_();
  const Tensor heads = at::matmul(w, packed[2]).transpose(1, 2).reshape({B, N, C});
  EXPECT_LT(
      testing::relative_error(out, at::linear(heads, parameters["proj.weight"], parameters["proj.bias"])),
      1e-5);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Suppressed, ::testing::Values(AttentionKind::kCog, AttentionKind::kSoftmax));

Measures measures_with(const std::vector<std::vector<double>>& incoming, int64_t blocks) {
  Measures measures;
  measures.blocks = blocks;
  for (size_t i = 0; i < incoming.size(); ++i) {
    LayerMeasures layer;
    layer.block = int64_t(2 * i);
    layer.incoming = at::tensor(incoming[i], at::kDouble);
    measures.layers.push_back(layer);
  }
  return measures;
}

TEST(Suppress, TheStrongestAndAsManyOthers) {
  const Measures measures = measures_with({{0.1, 0.5, 0.2, 0.2}, {0.7, 0.1, 0.1, 0.1}}, 3);
  const TokensOfBlocks top = strongest_tokens(measures, 2);
  EXPECT_EQ(top, (TokensOfBlocks{{1, 2}, {}, {0, 1}})) << "none of the block that was not looked at";
  bool differ = false;
  for (uint64_t draw = 0; draw < 8; ++draw) {
    const TokensOfBlocks random = random_tokens(top, 4, 5, draw);
    EXPECT_EQ(random, random_tokens(top, 4, 5, draw));
    EXPECT_TRUE(random[1].empty());
    EXPECT_EQ(std::set<int64_t>(random[0].begin(), random[0].end()), (std::set<int64_t>{0, 3}));
    differ = differ || random != random_tokens(top, 4, 5, 0);
  }
  EXPECT_TRUE(differ);
}

// Loss: the sum of what the values of a token are, so that taking one away is seen exactly.
TEST(Suppress, LossesArePairedWithTheWhole) {
  const Measures measures = measures_with({{0.1, 0.6, 0.2, 0.1}}, 1);
  const Network network = [](const Tensor& x, const Tensor&, const Condition&) {
    AttentionInputs inputs{AttentionKind::kCog, {}, {}, x, 1};
    if (auto* observer = network_observer()) {
      observer->begin(x, {});
      observer->attention(inputs);
    }
    return inputs.v;
  };
  const Tensor values = at::tensor({1., 10., 3., 4., 2., 20., 6., 8.}, at::kDouble).view({2, 1, 4, 1});
  InputSet inputs{.source = "images", .t = 0.5, .timestep = 500, .images = 2};
  inputs.run = [&](const Network& net, int64_t first, int64_t count) {
    return net(values.narrow(0, first, count), {}, {}).flatten(1).sum(1);
  };
  const Suppression result = suppress(network, measures, {inputs}, 1, 50, 1);
  ASSERT_EQ(result.levels.size(), 1U);
  const SuppressedLoss& level = result.levels[0];
  EXPECT_DOUBLE_EQ(level.loss, 27);
  EXPECT_DOUBLE_EQ(level.without_top, 12);
  EXPECT_DOUBLE_EQ(level.top_error, 5) << "the differences are -10 and -20";
  EXPECT_NEAR(level.without_random, 27 - 1.5 * (1 + 3 + 4) / 3, 0.5);
}

}  // namespace
}  // namespace uvic
