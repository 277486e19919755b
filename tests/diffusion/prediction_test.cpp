#include "diffusion/prediction.h"

#include <gtest/gtest.h>

#include "diffusion/denoiser.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

PredictionType named(const std::string& name) {
  DiffusionOptions options;
  options.prediction = name;
  return PredictionType(options);
}

class EveryPrediction : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPrediction, ConversionIsTheInverseOfTheTarget) {
  const PredictionType type = named(GetParam());
  const Tensor x0 = at::rand({1, 1, 4, 4}, at::kDouble) * 4 - 2, noise = at::randn({1, 1, 4, 4}, at::kDouble);
  // VP from hardly any noise to hardly any signal; flow; EDM.
  for (const auto& [alpha, sigma] :
       {std::pair{0.99995, 0.01}, {0.6, 0.8}, {0.0066, 0.99998}, {0.3, 0.7}, {1.0, 0.002}, {1.0, 80.0}}) {
    const auto [p, q] = type.mix(alpha, sigma);
    const Tensor output = x0 * p + noise * q, x = x0 * alpha + noise * sigma;
    const Prediction back = type.convert(output, x, alpha, sigma, false);
    EXPECT_LT(testing::max_abs_error(back.x0, x0), 1e-10) << alpha;
    EXPECT_LT(testing::max_abs_error(back.noise, noise), 1e-9) << alpha;
    const Prediction clipped = type.convert(output, x, alpha, sigma, true);
    EXPECT_LT(testing::max_abs_error(clipped.x0, x0.clamp(-1, 1)), 1e-10);
    EXPECT_LT(testing::max_abs_error(clipped.x0 * alpha + clipped.noise * sigma, x), 1e-10);
    // An error of the output moves x0 by the factor that loss weights are made of.
    const Tensor moved = type.convert(output + 1, x, alpha, sigma, false).x0 - back.x0;
    EXPECT_NEAR(std::abs(moved.mean().item<double>()), std::abs(type.x0_per_output(alpha, sigma)), 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryPrediction, ::testing::Values("noise", "x0", "v", "flow", "edm"),
                         [](const auto& info) { return info.param; });

TEST(Prediction, TargetsAreThoseOfThePapers) {
  const auto expect = [](const char* name, double alpha, double sigma, double p, double q) {
    const auto mix = named(name).mix(alpha, sigma);
    EXPECT_NEAR(mix.p, p, 1e-12) << name;
    EXPECT_NEAR(mix.q, q, 1e-12) << name;
  };
  expect("noise", 0.6, 0.8, 0, 1);
  expect("x0", 0.6, 0.8, 1, 0);
  expect("v", 0.6, 0.8, -0.8, 0.6);
  expect("flow", 0.3, 0.7, -1, 1);
  // EDM at sigma = 2, sigma_data = 0.5: c_skip, c_out; F = (x0 - c_skip x) / c_out.
  const double skip = 0.25 / 4.25, out = 2 * 0.5 / std::sqrt(4.25);
  expect("edm", 1, 2, (1 - skip) / out, -skip * 2 / out);
}

TEST(Prediction, EdmScalesItsInputToUnitVariance) {
  DiffusionOptions options;
  options.schedule = "edm";
  const auto edm = make_schedule(options), vp = make_schedule({});
  EXPECT_NEAR(named("edm").input_scale(*edm, 2.0), 1 / std::sqrt(4.25), 1e-12);
  EXPECT_NEAR(named("noise").input_scale(*edm, 2.0), 1 / std::sqrt(5.0), 1e-12);
  EXPECT_EQ(named("noise").input_scale(*vp, 0.5), 1.0);
  // On a VP schedule, of x / alpha.
  const double sigma = vp->edm_sigma(0.5);
  EXPECT_NEAR(named("edm").input_scale(*vp, 0.5) * vp->alpha(0.5), 1 / std::hypot(sigma, 0.5), 1e-12);
}

TEST(Denoiser, FeedsTheScaledImageAndTheSchedulesTimestep) {
  DiffusionOptions options;
  options.schedule = "edm";
  options.prediction = "edm";
  Tensor fed_x, fed_t;
  const Network network = [&](const Tensor& x, const Tensor& timesteps, const Condition&) {
    fed_x = x;
    fed_t = timesteps;
    return at::zeros_like(x);
  };
  const Tensor x = at::randn({2, 1, 2, 2});
  const Denoiser denoise = make_denoiser(
      {.network = network, .schedule = make_schedule(options), .prediction = PredictionType(options)}, {});
  const Prediction p = denoise(x, 2.0);
  EXPECT_LT(testing::max_abs_error(fed_x, x / std::sqrt(4.25)), 1e-6);
  EXPECT_NEAR(fed_t[0].item<double>(), 250 * std::log(2.0), 1e-4);
  EXPECT_LT(testing::max_abs_error(p.x0, x * (0.25 / 4.25)), 1e-6);  // c_skip x
}

}  // namespace
}  // namespace uvic
