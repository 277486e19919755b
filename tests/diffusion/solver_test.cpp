// Every registered solver on a mixture of two Gaussians whose exact flow is known.
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "diffusion/mixture.h"
#include "diffusion/solvers/table.h"
#include "diffusion/time_grid.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::Mixture;

const std::vector<std::string> kSchedules = {"vp_linear",     "vp_cosine", "sigmoid", "ddpm_linear",
                                             "scaled_linear", "edm",       "flow"};

std::shared_ptr<const NoiseSchedule> schedule_named(const std::string& name) {
  DiffusionOptions options;
  options.schedule = name;
  return make_schedule(options);
}

// One solver on one schedule, over its own grid and end, from x of unit variance; x keeps its dtype: in
// float64 the solvers' own errors are not hidden by rounding.
struct Problem {
  explicit Problem(const std::string& solver_name, const std::string& schedule_name = "vp_linear")
      : solver(find_solver(solver_name)),
        schedule(schedule_named(schedule_name)),
        grid(resolve_time_grid("auto", solver, *schedule)),
        t_end(resolve_t_end(0, solver, *schedule)),
        eta(solver.default_eta) {}

  Tensor start(const Tensor& x) const { return x * schedule->prior_scale(); }

  Tensor solve(const Tensor& x, int64_t steps) {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
    const SolverRun run{
        .schedule = *schedule,
        .times = time_grid(grid, *schedule, solver.intervals(steps), t_end),
        .steps = steps,
        .noise =
            [&] {
              ++draws;
              return at::randn(x.sizes(), generator, x.options());
            },
        .on_step =
            [&](int64_t step, Tensor& state) {
              ++callbacks;
              if (!ends_at_zero(grid) || step == solver.intervals(steps) - 1) at_t_end = state;
            },
        .eta = eta,
        .s_churn = s_churn,
    };
    return solver.sample(mixture.denoiser(*schedule, &evaluations), start(x), run);
  }

  // Largest error at t_end (a grid that ends at 0 takes one more step, whose error does not fall with their
  // number).
  double error(const Tensor& x, int64_t steps) {
    solve(x, steps);
    const double T = schedule->max_time();
    const Tensor exact = mixture.transport(start(x), schedule->alpha(T), schedule->sigma(T),
                                           schedule->alpha(t_end), schedule->sigma(t_end));
    return testing::max_abs_error(at_t_end, exact);
  }

  const Solver& solver;
  std::shared_ptr<const NoiseSchedule> schedule;
  std::string grid;
  double t_end, eta, s_churn = 0;
  Mixture mixture;
  Tensor at_t_end;
  int evaluations = 0, draws = 0, callbacks = 0;
};

void expect_distribution(Problem& problem, int64_t steps) {
  constexpr int64_t kSamples = 4096;
  const Tensor x = at::randn({kSamples}, at::make_generator<at::CPUGeneratorImpl>(1), at::kDouble);
  problem.solve(x, steps);
  const Tensor& samples = problem.at_t_end;
  const double alpha = problem.schedule->alpha(problem.t_end), sigma = problem.schedule->sigma(problem.t_end);
  const double root = std::sqrt(double(kSamples));
  EXPECT_NEAR(samples.mean().item<double>(), problem.mixture.mean(alpha),
              4 * samples.std().item<double>() / root);
  const Tensor squares = (samples - samples.mean()).square();
  EXPECT_NEAR(squares.mean().item<double>(), problem.mixture.variance(alpha, sigma),
              4 * squares.std().item<double>() / root);
}

class EverySolver : public ::testing::TestWithParam<std::string> {};

TEST_P(EverySolver, TakesTheEvaluationsThatTheTableSays) {
  for (const int64_t steps : {3, 6, 7, 8, 12}) {
    Problem problem(GetParam());
    problem.solve(at::zeros({1}, at::kDouble), steps);
    EXPECT_EQ(problem.evaluations, problem.solver.evaluations(steps, ends_at_zero(problem.grid))) << steps;
    if (!problem.solver.stochastic) {
      EXPECT_EQ(problem.draws, 0);
    }
  }
}

TEST_P(EverySolver, ReachesTheDistribution) {
  Problem problem(GetParam());
  expect_distribution(problem, 1000);
}

TEST_P(EverySolver, ConvergesAtItsOrder) {
  const Solver& solver = find_solver(GetParam());
  if (solver.stochastic || solver.mixed_order) return;  // in distribution above; below
  const Tensor x = at::linspace(-2, 2, 9, at::kDouble);
  const int64_t steps = 240 * solver.order;
  const auto error = [&](int64_t n) {
    Problem problem(GetParam());
    // Refined where the DPM-Solvers step: equal intervals of t are far from equal ones of lambda near t = 0.
    if (problem.grid == "time_uniform") problem.grid = "logSNR";
    return problem.error(x, n);
  };
  const double coarse = error(steps), fine = error(2 * steps);
  EXPECT_GE(std::log2(coarse / fine), solver.order - 0.2) << coarse << " " << fine;
}

TEST_P(EverySolver, FollowsTheExactFlowOnEverySchedule) {
  const Tensor x = at::linspace(-2, 2, 9, at::kDouble);
  for (const std::string& name : kSchedules) {
    Problem problem(GetParam(), name);
    try {
      check_compatible(problem.solver, name, *problem.schedule, problem.grid);
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
      EXPECT_TRUE(problem.schedule->ends_without_signal() || name == "sigmoid") << error.what();
      continue;
    }
    problem.eta = 0;
    // The SDE's Euler-Maruyama and DDPM always draw noise: in distribution.
    if (GetParam() == "euler_maruyama_sde") {
      expect_distribution(problem, 1000);
    } else {
      EXPECT_LT(problem.error(x, 600), 0.02) << name;
    }
  }
}

TEST_P(EverySolver, StaysInFloat32) {
  Problem problem(GetParam());
  EXPECT_EQ(problem.solve(at::zeros({2}), 6).scalar_type(), at::kFloat);
}

INSTANTIATE_TEST_SUITE_P(Table, EverySolver, ::testing::ValuesIn(solver_names()),
                         [](const auto& info) { return info.param; });

TEST(MixedOrder, FastSolversAreMoreAccurateThanTheSecondOrderAtEqualCost) {
  const Tensor x = at::linspace(-2, 2, 9, at::kDouble);
  const double second = Problem("dpm_solver_2").error(x, 60);
  EXPECT_LT(Problem("dpm_solver_fast").error(x, 60), second);
  EXPECT_LT(Problem("dpmpp_fast").error(x, 60), second);
}

TEST(Eta, OneIsAncestralSamplingAndZeroTheDeterministicSolver) {
  const Tensor x = at::linspace(-2, 2, 9, at::kDouble);
  const auto solve = [&](const char* name, double eta) {
    Problem problem(name);
    problem.grid = "time_uniform";
    problem.eta = eta;
    return problem.solve(x, 20);
  };
  EXPECT_TRUE(at::equal(solve("ddim", 1), solve("ddpm", 1)));
  EXPECT_TRUE(at::equal(solve("dpmpp_2m_sde", 0), solve("dpmpp_2m", 0)));
  EXPECT_TRUE(at::equal(solve("dpmpp_3m_sde", 0), solve("dpmpp_3m", 0)));
  EXPECT_LT(testing::max_abs_error(solve("euler_ancestral", 0), solve("euler", 0)), 1e-9);
  for (const char* name : {"ddim", "euler_ancestral", "dpmpp_2m_sde"}) {
    Problem problem(name);
    problem.eta = 0.5;
    expect_distribution(problem, 1000);
    EXPECT_GT(problem.draws, 0);
  }
}

TEST(Churn, AddsNoiseAndKeepsTheDistribution) {
  for (const char* name : {"heun", "euler"}) {
    Problem problem(name);
    problem.grid = "karras";
    problem.s_churn = 80;
    expect_distribution(problem, 500);
    EXPECT_GT(problem.draws, 400) << name;
  }
}

}  // namespace
}  // namespace uvic
