#include "diffusion/guidance.h"

#include <gtest/gtest.h>

#include "diffusion/denoiser.h"
#include "diffusion/vp_schedules.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

struct CountingNetwork {
  int calls = 0;
  int64_t images = 0;
  Network network() {
    return [this](const Tensor& x, const Tensor& timesteps, const Condition& condition) {
      ++calls;
      images += x.size(0);
      EXPECT_EQ(timesteps.size(0), x.size(0));
      return x + condition.labels.to(at::kFloat).view({-1, 1, 1, 1});
    };
  }
};

const Tensor kLabels = at::tensor({1, 2});

Condition null_label(int64_t label) {
  return {at::tensor({label}), {}};
}

Tensor added(double to_label) {
  return (kLabels.to(at::kFloat) * to_label).view({-1, 1, 1, 1});
}

TEST(Guidance, MixesConditionalAndNullInOneCall) {
  CountingNetwork counting;
  const Tensor x = at::randn({2, 1, 3, 3}), t = at::full({2}, 7.0);
  const Guidance guidance{.cfg = 1.5, .null = null_label(10)};
  const Tensor guided = with_guidance(counting.network(), guidance)(x, t, {kLabels, {}});
  // uncond + 1.5 (cond - uncond) with cond = x + label, uncond = x + 10.
  EXPECT_LT(testing::max_abs_error(guided, x + 10 + added(1.5) - 15), 1e-5);
  EXPECT_EQ(counting.calls, 1);
}

// What the null condition leaves undefined is the images' own; its context stands for every image.
TEST(Guidance, TheNullConditionIsAValueOfAnyInputs) {
  const Network network = [](const Tensor& x, const Tensor&, const Condition& condition) {
    return x + condition.labels.to(at::kFloat).view({-1, 1, 1, 1}) +
           condition.context.sum({1, 2}).view({-1, 1, 1, 1});
  };
  const Tensor x = at::zeros({2, 1, 3, 3}), t = at::full({2}, 7.0), context = at::ones({2, 4, 5});
  const auto guided = [&](const Condition& null) {
    return with_guidance(network, {.cfg = 0, .null = null})(x, t, {kLabels, context});
  };
  EXPECT_TRUE(at::equal(guided({at::tensor({10}), {}}), at::full_like(x, 30.0)));
  EXPECT_TRUE(at::equal(guided({{}, at::full({1, 4, 5}, 2.0)}), x + added(1) + 40));
  EXPECT_TRUE(at::equal(guided({at::tensor({10}), at::zeros({1, 4, 5})}), at::full_like(x, 10.0)));
}

TEST(Guidance, AutoguidanceSubtractsTheGuideUnderTheSameCondition) {
  CountingNetwork counting;
  Condition seen;
  const Network guide = [&](const Tensor& x, const Tensor&, const Condition& condition) {
    seen = condition;
    return x * 0.5;
  };
  const Tensor x = at::randn({2, 1, 3, 3}), t = at::full({2}, 7.0);
  const Guidance guidance{.cfg = 3, .guide = guide};
  const Tensor guided = with_guidance(counting.network(), guidance)(x, t, {kLabels, {}});
  EXPECT_LT(testing::max_abs_error(guided, x * 0.5 + 3 * (x * 0.5 + added(1))), 1e-5);
  EXPECT_TRUE(at::equal(seen.labels, kLabels));
  EXPECT_EQ(counting.images, 2);
}

TEST(Guidance, RescaleGivesBackTheDeviationWithoutGuidance) {
  const Network network = [](const Tensor& x, const Tensor&, const Condition& condition) {
    return x * condition.labels.to(at::kFloat).view({-1, 1, 1, 1});
  };
  const Tensor x = at::randn({2, 3, 4, 4}), t = at::full({2}, 7.0);
  const auto guided = [&](double rescale) {
    return with_guidance(network, {.cfg = 4, .null = null_label(5), .rescale = rescale})(x, t, {kLabels, {}});
  };
  const auto deviation = [](const Tensor& images) { return images.flatten(1).std(1); };
  const Tensor plain = deviation(network(x, t, {kLabels, {}}));
  EXPECT_GT(testing::relative_error(deviation(guided(0)), plain), 0.5);
  EXPECT_LT(testing::relative_error(deviation(guided(1)), plain), 1e-5);
  EXPECT_LT(testing::max_abs_error(guided(0.25), guided(0) * 0.75 + guided(1) * 0.25), 1e-5);
}

TEST(Guidance, AnIntervalSparesTheNetworkElsewhere) {
  CountingNetwork counting;
  const auto schedule = std::make_shared<VpLinearSchedule>();
  const Denoiser denoise =
      make_denoiser({.network = counting.network(),
                     .schedule = schedule,
                     .prediction = PredictionType(DiffusionOptions{}),
                     .guidance = {.cfg = 2, .null = null_label(10), .interval = {0.2, 0.7}}},
                    {kLabels, {}});
  const Tensor x = at::randn({2, 1, 2, 2});
  for (const auto& [t, images] : {std::pair{0.9, 2}, {0.7, 4}, {0.3, 4}, {0.2, 2}, {0.01, 2}}) {
    counting.images = 0;
    denoise(x, t);
    EXPECT_EQ(counting.images, images) << t;
  }
}

TEST(Guidance, OneIsOff) {
  EXPECT_FALSE((Guidance{.cfg = 1.0, .null = null_label(3)}.active(0.5)));
  EXPECT_TRUE((Guidance{.cfg = 1.1, .null = null_label(3)}.active(0.5)));
}

}  // namespace
}  // namespace uvic
