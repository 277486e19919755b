#include "diffusion/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "diffusion/time_grid.h"
#include "io/safetensors.h"
#include "support/support.h"

namespace uvic {
namespace {

TEST(VpLinear, GoldenWithin1e6Relative) {
  const auto golden = load_safetensors(testing::fixture("schedules.safetensors")).tensors;
  const VpLinearSchedule schedule;
  const at::Tensor times = golden.at("vpsde.t");
  for (int64_t i = 0; i < times.size(0); ++i) {
    const double t = times[i].item<double>();
    const auto expect_near = [&](double ours, const char* name) {
      const double theirs = golden.at(name)[i].item<double>();
      if (std::isfinite(theirs)) {
        EXPECT_NEAR(ours, theirs, 1e-6 * std::abs(theirs) + 1e-12) << name << " at " << t;
      }
    };
    expect_near(schedule.beta(t), "vpsde.beta_t");
    expect_near(std::pow(schedule.alpha(t), 2), "vpsde.cum_alpha");
    expect_near(std::pow(schedule.sigma(t), 2), "vpsde.cum_beta");
    expect_near(std::exp(2 * schedule.lambda(t)), "vpsde.snr");
  }
}

TEST(VpLinear, VarianceIsPreservedAndInverseLambdaInverts) {
  const VpLinearSchedule schedule(0.2, 15.0);
  for (double t = 1e-5; t <= 1.0; t += 0.0137) {
    EXPECT_NEAR(std::pow(schedule.alpha(t), 2) + std::pow(schedule.sigma(t), 2), 1.0, 1e-14);
    EXPECT_NEAR(schedule.lambda(t), std::log(schedule.alpha(t) / schedule.sigma(t)), 1e-9);
    EXPECT_NEAR(schedule.inverse_lambda(schedule.lambda(t)), t, 1e-12 + 1e-9 * t);
  }
  EXPECT_TRUE(std::isinf(schedule.lambda(0.0)));
  EXPECT_DOUBLE_EQ(schedule.timestep(1.0), 999.0);
  EXPECT_GT(schedule.inverse_lambda(-200.0), 1.0);  // far below the noisiest level: finite, no overflow
}

TEST(VpLinear, OptionsAreUsedAndChecked) {
  DiffusionOptions options;
  options.beta_max = 10;
  EXPECT_DOUBLE_EQ(make_schedule(options)->beta(1.0), 10.0);
  options.beta_min = 11;
  EXPECT_THROW_WITH(make_schedule(options), UsageError, "diffusion.beta_min");
}

TEST(TimeGrid, ShapesAndEnds) {
  const VpLinearSchedule schedule;
  for (const auto& name : time_grid_names()) {
    for (const int64_t steps : {1, 2, 7}) {
      const auto times = time_grid(name, schedule, steps, 1e-3);
      ASSERT_EQ(int64_t(times.size()), steps + 1) << name;
      EXPECT_NEAR(times.front(), 1.0, 1e-12) << name;
      EXPECT_NEAR(times.back(), name == "time_uniform_zero" ? 0.0 : 1e-3, 1e-12) << name;
      for (size_t i = 1; i < times.size(); ++i) EXPECT_LT(times[i], times[i - 1]) << name;
    }
  }
  EXPECT_NEAR(time_grid("time_uniform_zero", schedule, 7, 0.1)[6], 0.1, 1e-15);
  const auto by_lambda = time_grid("logSNR", schedule, 2, 1e-3);
  EXPECT_NEAR(schedule.lambda(by_lambda[1]), (schedule.lambda(1.0) + schedule.lambda(1e-3)) / 2, 1e-9);
  EXPECT_THROW_WITH(time_grid("cosine", schedule, 2, 1e-3), UsageError, "cosine");
}

}  // namespace
}  // namespace uvic
