#include <gtest/gtest.h>

#include "diffusion/denoiser.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

TEST(Guidance, MixesConditionalAndNullInOneCall) {
  int calls = 0;
  const Network network = [&](const Tensor& x, const Tensor& timesteps, const Tensor& labels) {
    ++calls;
    EXPECT_EQ(timesteps.size(0), x.size(0));
    return x + labels.to(at::kFloat).view({-1, 1, 1, 1});
  };
  const Tensor x = at::randn({2, 1, 3, 3}), t = at::full({2}, 7.0), labels = at::tensor({1, 2});
  const Tensor guided = with_guidance(network, 1.5, 10)(x, t, labels);
  // uncond + 1.5 (cond - uncond) with cond = x + label, uncond = x + 10.
  const Tensor expected = x + 10 + 1.5 * (labels.to(at::kFloat).view({-1, 1, 1, 1}) - 10);
  EXPECT_LT(testing::max_abs_error(guided, expected), 1e-5);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(at::equal(with_guidance(network, 1.0, 10)(x, t, labels), network(x, t, labels)));
}

TEST(Prediction, BothFormsAgreeWithTheNoisyImage) {
  const VpLinearSchedule schedule;
  const double alpha = schedule.alpha(0.4), sigma = schedule.sigma(0.4);
  const Tensor x0 = at::rand({1, 1, 4, 4}) * 4 - 2, noise = at::randn({1, 1, 4, 4}),
               x = x0 * alpha + noise * sigma;
  for (const auto& [type, output] : {std::pair{PredictionType::kNoise, noise}, {PredictionType::kX0, x0}}) {
    const Prediction p = to_prediction(type, output, x, alpha, sigma, false);
    EXPECT_LT(testing::max_abs_error(p.x0, x0), 1e-5);
    EXPECT_LT(testing::max_abs_error(p.noise, noise), 1e-5);
    const Prediction clipped = to_prediction(type, output, x, alpha, sigma, true);
    EXPECT_LT(testing::max_abs_error(clipped.x0, x0.clamp(-1, 1)), 1e-5);
    EXPECT_LT(testing::max_abs_error(clipped.x0 * alpha + clipped.noise * sigma, x), 1e-5);
  }
}

}  // namespace
}  // namespace uvic
