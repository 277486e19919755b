#include "recipe/power_ema.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "recipe/layout.h"
#include "recipe/snapshots.h"
#include "support/support.h"

namespace uvic {
namespace {

// EDM2's table of exponents: gamma 6.94 is a width of 0.10, 16.97 of 0.05.
TEST(PowerEma, WidthsAndExponents) {
  EXPECT_NEAR(power_ema_exponent(0.10), 6.94, 0.005);
  EXPECT_NEAR(power_ema_exponent(0.05), 16.97, 0.005);
  for (const double width : {0.01, 0.05, 0.2, 0.28}) {
    EXPECT_NEAR(power_ema_width(power_ema_exponent(width)), width, 1e-12);
  }
  EXPECT_EQ(power_ema_decay(5, 1), 0.0);
}

// The running average of a sequence weighs step u as (gamma + 1) u^gamma / t^(gamma + 1).
TEST(PowerEma, TheDecayGivesThePowerFunction) {
  constexpr int64_t kSteps = 2000;
  const double gamma = power_ema_exponent(0.1);
  double mean = 0, second = 0, average = 0, of_square = 0;
  for (int64_t n = 1; n <= kSteps; ++n) {
    const double decay = power_ema_decay(gamma, n), u = double(n) / kSteps;
    average = decay * average + (1 - decay) * u;
    of_square = decay * of_square + (1 - decay) * u * u;
  }
  mean = average;
  second = of_square - average * average;
  EXPECT_NEAR(mean, (gamma + 1) / (gamma + 2), 1e-3);
  EXPECT_NEAR(std::sqrt(second), 0.1, 1e-3);  // the width is the profile's standard deviation
}

TEST(PowerEma, AStoredProfileIsReconstructedByItselfAlone) {
  const std::vector<PowerProfile> stored = {{100, 6.94}, {100, 16.97}, {200, 6.94}, {200, 16.97}};
  const auto factors = reconstruction_factors(stored, {200, 6.94});
  const std::vector<double> expected = {0, 0, 1, 0};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(factors[i], expected[i], 1e-9);
}

// Weights that wander for 1000 steps; widths never stored come out of two stored ones.
TEST(Snapshots, AnyWidthIsReconstructed) {
  const testing::TemporaryDirectory run;
  constexpr int64_t kSteps = 1000, kEvery = 50;
  const std::vector<double> stored_widths = {0.05, 0.10}, wanted = {0.03, 0.05, 0.075, 0.15, 0.2};
  at::Tensor weight = at::zeros({64}, at::kDouble);
  std::map<double, at::Tensor> averages;
  for (const double width : stored_widths) averages[width] = at::zeros({64}, at::kDouble);
  for (const double width : wanted) averages[width] = at::zeros({64}, at::kDouble);
  at::manual_seed(1);
  for (int64_t n = 1; n <= kSteps; ++n) {
    weight = weight + at::randn({64}, at::kDouble) * 0.1 + 0.01;
    for (auto& [width, average] : averages) {
      average = average + (weight - average) * (1 - power_ema_decay(power_ema_exponent(width), n));
    }
    if (n % kEvery != 0) continue;
    for (const double width : stored_widths) {
      char folder[32];
      std::snprintf(folder, sizeof folder, "step-%08ld", n);
      std::filesystem::create_directories(run.path() / "snapshots" / folder);
      save_safetensors(run.path() / "snapshots" / folder / (power_ema_name(width) + ".safetensors"),
                       {{"w", averages[width].to(at::kHalf)}}, {{"uvic.step", std::to_string(n)}});
    }
  }
  EXPECT_EQ(list_snapshots(run.path()).size(), 40U);
  for (const double width : wanted) {
    const SafeTensors found = reconstruct_ema(run.path(), width);
    // Against how far apart averages of other widths lie.
    const double scale = (averages[0.03] - averages[0.2]).norm().item<double>();
    const double error = (found.tensors.at("w").to(at::kDouble) - averages[width]).norm().item<double>();
    EXPECT_LT(error, 0.05 * scale) << width;
    EXPECT_EQ(found.metadata.at("uvic.step"), "1000");
  }
  EXPECT_EQ(parse_ema_width("width-0.12"), 0.12);
  EXPECT_EQ(parse_ema_width("ema"), std::nullopt);
  EXPECT_THROW_WITH(parse_ema_width("width-0.3"), UsageError, "--ema-width '0.3'");
  EXPECT_THROW_WITH(parse_ema_width("width-x"), UsageError, "--ema-width 'x'");
  EXPECT_THROW_WITH(reconstruct_ema(run.path() / "none", 0.1), UsageError, "has no snapshots/");
}

}  // namespace
}  // namespace uvic
