#include "train/muon.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>

#include "core/errors.h"
#include "support/support.h"
#include "train/optimizer.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

OptimizerOptions muon_options() {
  OptimizerOptions options;
  options.kind = "muon";
  options.momentum = 0.9;
  options.weight_decay = 0.1;
  return options;
}

Tensor weight(at::IntArrayRef sizes) {
  return at::randn(sizes).mul_(0.1).requires_grad_();
}

// The singular vectors stay, and the values come near 1, though they differed by a hundred.
TEST(Muon, OrthogonalKeepsTheSingularVectors) {
  at::manual_seed(1);
  const auto [u, r] = at::linalg_qr(at::randn({2, 16, 16}, at::kDouble));
  const auto [v, s] = at::linalg_qr(at::randn({2, 48, 16}, at::kDouble));
  const Tensor values = at::logspace(0, -2, 16, 10, at::kDouble);
  const Tensor x = u.matmul(values.diag()).matmul(v.mT());
  const Tensor seen = u.mT().matmul(orthogonal(x, at::kDouble)).matmul(v), diagonal = seen.diagonal(0, 1, 2);
  EXPECT_LT((seen - at::diag_embed(diagonal)).abs().max().item<double>(), 1e-12);
  EXPECT_GT(diagonal.min().item<double>(), 0.6);
  EXPECT_LT(diagonal.max().item<double>(), 1.25);
  EXPECT_TRUE(at::equal(orthogonal(at::zeros({1, 4, 8}), at::kFloat), at::zeros({1, 4, 8})));
}

// Of any length: a gradient's size does not matter.
TEST(Muon, OrthogonalIsOfDirectionsAlone) {
  at::manual_seed(2);
  const Tensor x = at::randn({1, 8, 8}, at::kDouble);
  EXPECT_LT(relative_error(orthogonal(x * 1e-3, at::kDouble), orthogonal(x, at::kDouble)), 1e-3);
}

TEST(Muon, BFloat16IsCloseEnough) {
  at::manual_seed(7);
  const Tensor x = at::randn({3, 32, 64}), rounded = orthogonal(x, at::kBFloat16);
  EXPECT_EQ(rounded.scalar_type(), at::kBFloat16);
  EXPECT_LT(relative_error(rounded.to(at::kFloat), orthogonal(x, at::kFloat)), 0.1);
}

// Jordan et al. 2024 with the factor of Liu et al. 2025, written out in float64.
TEST(Muon, EqualsTheAlgorithm) {
  at::manual_seed(3);
  const Tensor w = weight({24, 8});  // tall
  Tensor expected = w.detach().to(at::kDouble), m = at::zeros_like(expected);
  Muon muon({w}, {1}, muon_options(), at::kFloat);
  for (int step = 1; step <= 4; ++step) {
    const double lr = 0.01 * step;
    w.mutable_grad() = at::randn({24, 8});
    const Tensor g = w.grad().to(at::kDouble);
    m = 0.9 * m + 0.1 * g;
    Tensor x = (0.1 * g + 0.9 * m).t();
    x = x / (x.norm() + 1e-7);
    for (int i = 0; i < 5; ++i) {
      const Tensor a = x.matmul(x.t());
      x = 3.4445 * x + (-4.7750 * a + 2.0315 * a.matmul(a)).matmul(x);
    }
    expected = expected * (1 - lr * 0.1) - lr * 0.2 * std::sqrt(24.0) * x.t();
    muon.step(lr);
  }
  EXPECT_LT(relative_error(w, expected), 1e-5);
  EXPECT_LT(relative_error(muon.momenta[0], m), 1e-5);
}

// q, k and v lie in one parameter: it moves as three do, whatever else is of their shape.
TEST(Muon, MatricesOfOneParameterMoveByThemselves) {
  at::manual_seed(4);
  const Tensor all = weight({24, 8}), beside = weight({8, 8});
  std::vector<Tensor> three;
  for (const Tensor& part : all.detach().chunk(3)) three.push_back(part.clone().requires_grad_());
  all.mutable_grad() = at::randn({24, 8});
  beside.mutable_grad() = at::randn({8, 8});
  for (size_t i = 0; i < 3; ++i) three[i].mutable_grad() = all.grad().chunk(3)[i];
  Muon({all, beside}, {3, 1}, muon_options(), at::kFloat).step(0.02);
  Muon(three, {1, 1, 1}, muon_options(), at::kFloat).step(0.02);
  EXPECT_LT(relative_error(all, at::cat(three)), 1e-6);
}

struct Network : torch::nn::Module {
  Network() {
    torch::nn::ModuleList blocks(torch::nn::Linear(8, 16), torch::nn::Linear(16, 8));
    register_module("blocks", blocks);
    output = register_module("output", torch::nn::Linear(8, 8));
  }
  torch::nn::Linear output{nullptr};
};

// Matrices of blocks move by Muon, everything else by AdamW; all gradients make up the norm, and what is
// saved makes another go on as this one does.
TEST(Muon, BesideAdamW) {
  at::manual_seed(5);
  const auto network = std::make_shared<Network>();
  const auto optimizer = make_optimizer(*network, muon_options(), TrainOptions(), World());
  const auto parameters = network->parameters();
  std::vector<Tensor> before;
  const auto step = [&](Optimizer& by) {
    by.zero_grad();
    for (const Tensor& p : parameters) p.mutable_grad() = at::ones_like(p);
    by.update(0.01);
  };
  for (const Tensor& p : parameters) {
    before.push_back(p.detach().clone());
    p.mutable_grad() = at::ones_like(p);
  }
  EXPECT_NEAR(optimizer->gradient_norm(), std::sqrt(128.0 + 16 + 128 + 8 + 64 + 8), 1e-5);
  step(*optimizer);
  const AdamMoments moments = optimizer->moments();
  ASSERT_EQ(moments.exp_avgs.size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    const bool hidden = i == 0 || i == 2;
    EXPECT_EQ(optimizer->has_squares(i), !hidden);
    EXPECT_EQ(moments.exp_avg_sqs[i].defined(), !hidden);
    EXPECT_EQ(moments.exp_avgs[i].sizes(), parameters[i].sizes());
    const Tensor moved = (parameters[i].detach() - before[i] * (1 - 0.01 * 0.1)) / -0.01;
    // AdamW's first step is 1 of each number; the orthogonal of ones is 1 / sqrt(numel) of each, or so.
    const double size = hidden ? 0.2 * 4 / std::sqrt(128.0) : 1;
    EXPECT_NEAR(moved.mean().item<double>(), size, 0.35 * size) << i;
  }
  std::vector<Tensor> then;
  for (const Tensor& p : parameters) then.push_back(p.detach().clone());
  AdamMoments saved;
  for (size_t i = 0; i < 6; ++i) {
    saved.exp_avgs.push_back(moments.exp_avgs[i].clone());
    saved.exp_avg_sqs.push_back(moments.exp_avg_sqs[i].defined() ? moments.exp_avg_sqs[i].clone() : Tensor());
  }
  step(*optimizer);
  std::vector<Tensor> expected;
  for (size_t i = 0; i < 6; ++i) {
    expected.push_back(parameters[i].detach().clone());
    parameters[i].detach().copy_(then[i]);
  }
  const auto another = make_optimizer(*network, muon_options(), TrainOptions(), World());
  another->load(saved, 1);
  step(*another);
  for (size_t i = 0; i < 6; ++i) EXPECT_TRUE(at::equal(parameters[i], expected[i])) << i;
}

TEST(Muon, NeedsWholeMatrices) {
  TrainOptions train;
  EXPECT_NO_THROW(check_together(train, muon_options()));
  train.shard_optimizer = true;
  EXPECT_NO_THROW(check_together(train, {}));
  EXPECT_THROW_WITH(check_together(train, muon_options()), UsageError,
                    "train.shard_optimizer: divides single numbers");
}

}  // namespace
}  // namespace uvic
