#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "recipe/ema.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

TEST(LearningRate, WarmUpThenConstantOrCosine) {
  OptimizerOptions options;
  options.lr = 2.0;
  options.warmup_steps = 4;
  EXPECT_EQ(learning_rate(options, 0, 100), 0.0);
  EXPECT_EQ(learning_rate(options, 3, 100), 1.5);
  EXPECT_EQ(learning_rate(options, 4, 100), 2.0);
  EXPECT_EQ(learning_rate(options, 99, 100), 2.0);
  options.schedule = "cosine";
  EXPECT_EQ(learning_rate(options, 2, 104), 1.0);
  EXPECT_NEAR(learning_rate(options, 54, 104), 1.0, 1e-12);
  EXPECT_NEAR(learning_rate(options, 104, 104), 0.0, 1e-12);
  options.warmup_steps = 0;
  EXPECT_EQ(learning_rate(options, 0, 104), 2.0);
}

// Loshchilov & Hutter 2019, algorithm 2, written out.
TEST(AdamW, EqualsTheAlgorithm) {
  OptimizerOptions options;
  options.betas = {0.8, 0.95};
  options.weight_decay = 0.1;
  options.eps = 1e-3;
  Tensor w = at::tensor({1.0F, -2.0F, 0.5F}).requires_grad_();
  AdamW adamw({w}, options);
  std::vector<double> expected = {1.0, -2.0, 0.5}, m(3, 0.0), v(3, 0.0);
  for (int step = 1; step <= 5; ++step) {
    const double lr = 0.1 * step;
    w.mutable_grad() = at::tensor({0.3F * float(step), -0.1F, 2.0F});
    const std::vector<double> g = {double(0.3F * float(step)), double(-0.1F), 2.0};
    for (size_t i = 0; i < 3; ++i) {
      m[i] = 0.8 * m[i] + 0.2 * g[i];
      v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
      const double mh = m[i] / (1 - std::pow(0.8, step)), vh = v[i] / (1 - std::pow(0.95, step));
      expected[i] += -lr * 0.1 * expected[i] - lr * mh / (std::sqrt(vh) + 1e-3);
    }
    adamw.step(lr);
  }
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(w[i].item<double>(), expected[size_t(i)], 2e-6);
  EXPECT_EQ(adamw.updates(), 5);
}

TEST(GradientNorm, IsOverAllTensors) {
  EXPECT_NEAR(gradient_norm({at::tensor({3.0F}), at::tensor({0.0F, 4.0F})}).item<double>(), 5.0, 1e-6);
}

TEST(Ema, SeveralDecaysAndTheRamp) {
  TrainOptions options;
  options.ema = {0.5, 0.9};
  Tensor w = at::tensor({1.0F});
  Ema ema({w}, options.averages());
  w.fill_(2.0);
  ema.update(0);
  EXPECT_NEAR(ema.weights(0)[0].item<double>(), 1.5, 1e-6);
  EXPECT_NEAR(ema.weights(1)[0].item<double>(), 1.1, 1e-6);
  EXPECT_EQ(ema.largest(), 1);
  EXPECT_EQ(ema.name(1), "ema-0.9");
  options.ema_warmup = "ramp";
  const Ema ramped({w}, options.averages());
  EXPECT_DOUBLE_EQ(ramped.decay_at(1, 0), 0.1);
  EXPECT_DOUBLE_EQ(ramped.decay_at(1, 8), 0.5);
  EXPECT_DOUBLE_EQ(ramped.decay_at(1, 1000), 0.9);
}

TEST(SwappedWeights, RestoresWhatWasThere) {
  const Tensor w = at::tensor({1.0F}).requires_grad_();
  {
    const SwappedWeights swapped({w}, {at::tensor({7.0F})});
    EXPECT_EQ(w.item<float>(), 7.0F);
  }
  EXPECT_EQ(w.item<float>(), 1.0F);
}

}  // namespace
}  // namespace uvic
