#include "diffusion/schedule.h"
#include "diffusion/vp_schedules.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "diffusion/discrete_schedule.h"
#include "diffusion/time_grid.h"
#include "io/safetensors.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

TensorMap golden() {
  return load_safetensors(testing::fixture("schedules.safetensors")).tensors;
}

std::shared_ptr<const NoiseSchedule> schedule_named(const std::string& name, bool zero_terminal_snr = false) {
  DiffusionOptions options;
  options.schedule = name;
  options.zero_terminal_snr = zero_terminal_snr;
  return make_schedule(options);
}

void expect_close(double ours, double theirs, double relative, const std::string& what) {
  EXPECT_NEAR(ours, theirs, relative * std::abs(theirs) + 1e-12) << what;
}

TEST(GoldenSchedules, VpLinear) {
  const auto stored = golden();
  const VpLinearSchedule schedule;
  for (int64_t i = 0; i < stored.at("vpsde.t").size(0); ++i) {
    const auto value = [&](const char* name) { return stored.at(name)[i].item<double>(); };
    const double t = value("vpsde.t");
    const auto at = c10::str(" at ", t);
    expect_close(schedule.diffusion(t), value("vpsde.beta_t"), 1e-6, "beta" + at);
    expect_close(std::pow(schedule.alpha(t), 2), value("vpsde.cum_alpha"), 1e-6, "alpha" + at);
    expect_close(std::pow(schedule.sigma(t), 2), value("vpsde.cum_beta"), 1e-6, "sigma" + at);
    if (std::isfinite(value("vpsde.snr")))
      expect_close(std::exp(2 * schedule.lambda(t)), value("vpsde.snr"), 1e-6, "snr" + at);
  }
}

TEST(GoldenSchedules, VpCosine) {
  const auto stored = golden();
  const VpCosineSchedule schedule;
  for (int64_t i = 0; i < stored.at("vp_cosine.t").size(0); ++i) {
    const double t = stored.at("vp_cosine.t")[i].item<double>();
    expect_close(std::pow(schedule.alpha(t), 2), stored.at("vp_cosine.cum_alpha")[i].item<double>(), 1e-6,
                 c10::str(t));
  }
}

TEST(GoldenSchedules, DiscreteAtTheKnotsAndBetween) {
  const auto stored = golden();
  const auto check = [&](const std::string& schedule_name, bool zero_snr, const std::string& key) {
    const auto schedule = schedule_named(schedule_name, zero_snr);
    for (int64_t n = 0; n < 1000; ++n) {
      expect_close(std::pow(schedule->alpha(double(n + 1) / 1000), 2), stored.at(key)[n].item<double>(), 1e-6,
                   c10::str(key, " ", n));
    }
  };
  check("scaled_linear", false, "sd.alphas_cumprod");
  check("scaled_linear", true, "sd_zero_snr.alphas_cumprod");
  check("ddpm_linear", false, "ddpm_linear.alphas_cumprod");
  const auto betas = scaled_linear_betas();
  for (int64_t n = 0; n < 1000; ++n)
    expect_close(betas[size_t(n)], stored.at("sd.betas")[n].item<double>(), 1e-6, c10::str("beta ", n));
  const auto schedule = schedule_named("scaled_linear");
  for (int64_t i = 0; i < stored.at("sd.continuous_t").size(0); ++i) {
    const double t = stored.at("sd.continuous_t")[i].item<double>();
    const double lambda = stored.at("sd.lambda")[i].item<double>();
    expect_close(schedule->lambda(t), lambda, 2e-5, c10::str("lambda at ", t));
    EXPECT_NEAR(schedule->inverse_lambda(lambda), t, 2e-5) << t;
  }
}

class EverySchedule : public ::testing::TestWithParam<std::string> {};

TEST_P(EverySchedule, IsConsistent) {
  const auto schedule = schedule_named(GetParam());
  const double T = schedule->max_time();
  double previous = INFINITY;
  for (double u = 0.0007; u < 0.999; u += 0.0137) {
    const double t = schedule->spans_decades() ? schedule->time_at(u) : u * T;
    const double a = schedule->alpha(t), s = schedule->sigma(t), lambda = schedule->lambda(t);
    EXPECT_NEAR(lambda, std::log(a / s), 1e-9 * std::max(1.0, std::abs(lambda))) << t;
    EXPECT_LT(lambda, previous) << t;
    previous = lambda;
    EXPECT_NEAR(schedule->inverse_lambda(lambda), t, 1e-12 + 1e-9 * t);
    // f is the derivative of log alpha, g^2 that of sigma^2 less 2 f sigma^2.
    const double h = 1e-6 * t, f = schedule->drift(t);
    const auto slope = [&](auto value) { return (value(t + h) - value(t - h)) / (2 * h); };
    const bool at_knot = GetParam().ends_with("linear") && GetParam() != "vp_linear" &&
                         std::abs(std::round(t * 1000) - t * 1000) < 1e-2;
    if (at_knot) continue;
    const double f_numeric = slope([&](double x) { return std::log(schedule->alpha(x)); });
    EXPECT_NEAR(f, f_numeric, 1e-4 * std::abs(f) + 1e-7) << t;
    const double g2 = slope([&](double x) { return std::pow(schedule->sigma(x), 2); }) - 2 * f * s * s;
    EXPECT_NEAR(schedule->diffusion(t), g2, 1e-3 * std::abs(g2) + 1e-7) << t;
  }
  EXPECT_TRUE(std::isinf(schedule->lambda(0.0)));
  EXPECT_DOUBLE_EQ(schedule->alpha(0.0), 1.0);
  EXPECT_NEAR(schedule->sigma(0.0), 0.0, 1e-12);
}

TEST_P(EverySchedule, DrawsTrainingTimesFromAllOfItsRange) {
  const auto schedule = schedule_named(GetParam());
  for (double u = 0; u < 1; u += 1.0 / 64) {
    const double t = schedule->time_at(u);
    EXPECT_LE(t, schedule->max_time());
    EXPECT_NEAR(schedule->fraction(t), u, 1.001e-3) << t;  // a discrete schedule takes the next level
  }
}

INSTANTIATE_TEST_SUITE_P(All, EverySchedule,
                         ::testing::Values("vp_linear", "vp_cosine", "sigmoid", "ddpm_linear",
                                           "scaled_linear", "edm", "flow"),
                         [](const auto& info) { return info.param; });

TEST(Schedules, VarianceIsPreservedByTheVpOnes) {
  for (const char* name : {"vp_linear", "vp_cosine", "sigmoid", "ddpm_linear", "scaled_linear"}) {
    const auto schedule = schedule_named(name);
    for (double t = 1e-5; t <= schedule->max_time(); t += 0.0137) {
      EXPECT_NEAR(std::pow(schedule->alpha(t), 2) + std::pow(schedule->sigma(t), 2), 1.0, 1e-14) << name;
    }
  }
}

TEST(Schedules, WhatTheNetworkIsFed) {
  EXPECT_DOUBLE_EQ(schedule_named("vp_linear")->timestep(1.0), 999.0);
  EXPECT_DOUBLE_EQ(schedule_named("scaled_linear")->timestep(0.001), 1.0);
  EXPECT_DOUBLE_EQ(schedule_named("flow")->timestep(0.5), 500.0);
  EXPECT_DOUBLE_EQ(schedule_named("edm")->timestep(std::exp(2.0)), 500.0);
  EXPECT_DOUBLE_EQ(schedule_named("scaled_linear")->time_at(0.0), 0.001);
  EXPECT_DOUBLE_EQ(schedule_named("scaled_linear")->time_at(0.9999), 1.0);
}

TEST(Schedules, Ends) {
  EXPECT_NEAR(std::pow(schedule_named("sigmoid")->alpha(schedule_named("sigmoid")->max_time()), 2), 1e-9,
              1e-14);
  EXPECT_FALSE(schedule_named("sigmoid")->ends_without_signal());
  EXPECT_TRUE(schedule_named("flow")->ends_without_signal());
  EXPECT_TRUE(schedule_named("scaled_linear", true)->ends_without_signal());
  EXPECT_GT(VpLinearSchedule().inverse_lambda(-200.0), 1.0);  // far below the noisiest level: no overflow
  const auto zero_snr = schedule_named("scaled_linear", true);
  for (const double t : {0.9993, 0.9997}) {
    EXPECT_NEAR(zero_snr->inverse_lambda(zero_snr->lambda(t)), t, 1e-9);
  }
}

TEST(Schedules, OptionsAreUsedAndChecked) {
  DiffusionOptions options;
  options.beta_max = 10;
  EXPECT_DOUBLE_EQ(make_schedule(options)->diffusion(1.0), 10.0);
  options.beta_min = 11;
  EXPECT_THROW_WITH(make_schedule(options), UsageError, "diffusion.beta_min");
  options = {};
  options.schedule = "edm";
  options.sigma_max = 100;
  EXPECT_DOUBLE_EQ(make_schedule(options)->max_time(), 100.0);
  options.sigma_min = 200;
  EXPECT_THROW_WITH(make_schedule(options), UsageError, "diffusion.sigma_min");
  options = {};
  options.snr_gamma = 3;
  EXPECT_THROW_WITH(options.validate(), UsageError, "diffusion.snr_gamma: only losses min_snr");
  options.loss = "min_snr";
  options.validate();
  options = {};
  options.schedule = "flow";
  EXPECT_THROW_WITH(options.validate(), UsageError, "diffusion.prediction: noise says nothing");
  options.prediction = "flow";
  options.validate();
}

TEST(TimeGrid, ShapesAndEnds) {
  const VpLinearSchedule schedule;
  for (const auto& name : time_grid_names()) {
    for (const int64_t intervals : {1, 2, 7}) {
      const auto times = time_grid(name, schedule, intervals, 1e-3);
      ASSERT_EQ(int64_t(times.size()), intervals + 1) << name;
      EXPECT_DOUBLE_EQ(times.front(), 1.0) << name;
      EXPECT_DOUBLE_EQ(times.back(), ends_at_zero(name) ? 0.0 : 1e-3) << name;
      for (size_t i = 1; i < times.size(); ++i) EXPECT_LT(times[i], times[i - 1]) << name;
    }
  }
  EXPECT_NEAR(time_grid("time_uniform_zero", schedule, 7, 0.1)[6], 0.1, 1e-15);
  const auto by_lambda = time_grid("logSNR", schedule, 2, 1e-3);
  EXPECT_NEAR(schedule.lambda(by_lambda[1]), (schedule.lambda(1.0) + schedule.lambda(1e-3)) / 2, 1e-9);
  EXPECT_NEAR(time_grid("time_quadratic", schedule, 2, 0.04)[1], 0.36, 1e-12);
  EXPECT_THROW_WITH(time_grid("cosine", schedule, 2, 1e-3), UsageError, "cosine");
}

// Karras et al. 2022, eq. 5, for EDM's own 18 steps.
TEST(TimeGrid, KarrasOnTheEdmSchedule) {
  const auto schedule = schedule_named("edm");
  const auto times = time_grid("karras", *schedule, 18, 0.002);
  EXPECT_DOUBLE_EQ(times[0], 80.0);
  EXPECT_DOUBLE_EQ(times[17], 0.002);
  EXPECT_DOUBLE_EQ(times[18], 0.0);
  for (int i = 0; i < 18; ++i) {
    const double a = std::pow(80.0, 1.0 / 7), b = std::pow(0.002, 1.0 / 7);
    EXPECT_NEAR(times[size_t(i)], std::pow(a + i / 17.0 * (b - a), 7), 1e-9);
  }
  EXPECT_LT(time_grid("karras", *schedule, 18, 0.002, 9)[5], times[5]);
}

}  // namespace
}  // namespace uvic
