#include "recipe/plan.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "diffusion/time_grid.h"
#include "support/support.h"

namespace uvic {
namespace {

SampleOptions with(const std::string& solver, int64_t steps = 10) {
  SampleOptions options;
  options.solver = solver;
  options.steps = steps;
  return options;
}

TEST(Plan, WorksOutWhatWasLeftOpen) {
  const SamplingPlan plan = plan_sampling(with("dpm_solver_fast"), {});
  EXPECT_EQ(plan.options.time_grid, "logSNR");
  EXPECT_EQ(plan.options.t_end, 1e-4);
  EXPECT_EQ(plan.times.size(), 5U);
  EXPECT_EQ(plan.evaluations, 10);
  EXPECT_EQ(plan.callbacks, 4);
  const SamplingPlan heun = plan_sampling(with("heun", 18), {});
  EXPECT_EQ(heun.evaluations, 35);  // EDM's 18 steps
  EXPECT_EQ(heun.callbacks, 18);
  EXPECT_EQ(heun.options.eta, -1);  // it takes none
  EXPECT_EQ(plan_sampling(with("dpmpp_2m_sde"), {}).options.eta, 1);
  EXPECT_EQ(plan_sampling(with("ddpm"), {}).eta, 1);
  EXPECT_EQ(plan_sampling(with("dpm_solver_3", 11), {}).evaluations, 9);
}

TEST(Plan, IsTheSamePlannedAgain) {
  DiffusionOptions edm;
  edm.schedule = "edm";
  edm.prediction = "edm";
  for (const DiffusionOptions& diffusion : {DiffusionOptions{}, edm}) {
    for (const std::string& solver : solver_names()) {
      const SamplingPlan once = plan_sampling(with(solver, 12), diffusion);
      const SamplingPlan twice = plan_sampling(once.options, diffusion);
      EXPECT_EQ(once.times, twice.times) << solver;
      EXPECT_EQ(once.eta, twice.eta) << solver;
    }
  }
}

TEST(Plan, WhatASolverDoesNotReadIsRefused) {
  const auto refuse = [](SampleOptions options, void (*change)(SampleOptions&), const char* words) {
    change(options);
    EXPECT_THROW_WITH(plan_sampling(options, {}), UsageError, words);
  };
  refuse(
      with("heun"), [](SampleOptions& o) { o.eta = 0.5; }, "sample.eta: heun takes none");
  refuse(
      with("ddim"), [](SampleOptions& o) { o.eta = -0.5; }, "sample.eta: must be -1 or 0 to 1");
  refuse(
      with("ddim"), [](SampleOptions& o) { o.s_churn = 1; }, "sample.s_churn: ddim adds no noise");
  refuse(
      with("heun"), [](SampleOptions& o) { o.s_noise = 2; }, "sample.s_tmin, s_tmax, s_noise");
  refuse(
      with("ddim"), [](SampleOptions& o) { o.rho = 5; }, "sample.rho");
  refuse(
      with("ddim"), [](SampleOptions& o) { o.guidance_interval = {0.5}; }, "sample.guidance_interval");
  refuse(
      with("ddim"),
      [](SampleOptions& o) {
        o.guidance_interval = {0.5, 0.1};
      },
      "wrong order");
  refuse(
      with("dpm_solver_3"), [](SampleOptions& o) { o.steps = 2; }, "sample.steps");
}

}  // namespace
}  // namespace uvic
