#include "diffusion/solvers/table.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

TEST(SolverTable, TheReadmeHasEveryRow) {
  const std::string readme = testing::read_bytes(UVIC_SOURCE "/README.md");
  for (const Solver& solver : solvers()) {
    const std::string order = solver.mixed_order ? "1-3" : std::to_string(solver.order);
    const std::string row =
        c10::str("| `", solver.name, "` | ", order, " | ", solver.stochastic ? "yes" : "no", " | ",
                 solver.evaluations_text(), " | ");
    EXPECT_NE(readme.find(row), std::string::npos) << row;
    EXPECT_NE(readme.find(solver.source), std::string::npos) << solver.source;
  }
}

TEST(SolverTable, AnUnknownSolverSuggestsTheNearest) {
  EXPECT_THROW_WITH(find_solver("dpmpp2m"), UsageError, "did you mean 'dpmpp_2m'?");
  EXPECT_THROW_WITH(find_solver("zzzzzzzz"), UsageError, "it must be one of ddpm, ddim");
}

TEST(SolverTable, WhatCannotGoTogetherSaysWhy) {
  DiffusionOptions options;
  options.schedule = "flow";
  const auto flow = make_schedule(options), vp = make_schedule({});
  const auto check = [](const char* solver, const char* name, const NoiseSchedule& schedule,
                        const char* grid) { check_compatible(find_solver(solver), name, schedule, grid); };
  EXPECT_THROW_WITH(check("dpm_solver_fast", "flow", *flow, "time_uniform"), UsageError, "no signal left");
  EXPECT_THROW_WITH(check("euler_maruyama_sde", "flow", *flow, "time_uniform"), UsageError, "drift");
  EXPECT_THROW_WITH(check("heun", "flow", *flow, "karras"), UsageError, "finite sigma / alpha");
  EXPECT_THROW_WITH(check("dpm_solver_2", "vp_linear", *vp, "karras"), UsageError, "cannot end at t = 0");
  check("heun", "flow", *flow, "time_uniform_zero");
  EXPECT_THROW_WITH(find_solver("dpm_solver_3").intervals(2), UsageError, "too few");
}

TEST(SolverTable, GridsAndEndsFollowTheSchedule) {
  DiffusionOptions options;
  const auto grid = [&](const char* solver, const char* schedule) {
    options.schedule = schedule;
    return resolve_time_grid("auto", find_solver(solver), *make_schedule(options));
  };
  EXPECT_EQ(grid("heun", "vp_linear"), "karras");
  EXPECT_EQ(grid("heun", "flow"), "time_uniform_zero");
  EXPECT_EQ(grid("dpmpp_2m", "edm"), "karras");
  EXPECT_EQ(grid("dpm_solver_2", "edm"), "logSNR");
  const auto end = [&](const char* solver, const char* schedule) {
    options.schedule = schedule;
    return resolve_t_end(0, find_solver(solver), *make_schedule(options));
  };
  EXPECT_EQ(end("dpmpp_2m", "vp_linear"), 1e-3);
  EXPECT_EQ(end("dpm_solver_fast", "vp_linear"), 1e-4);
  EXPECT_EQ(end("dpm_solver_fast", "scaled_linear"), 1e-3);
  EXPECT_EQ(end("heun", "edm"), 0.002);
}

}  // namespace
}  // namespace uvic
