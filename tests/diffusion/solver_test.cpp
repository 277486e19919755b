// Every registered solver on a problem with a known answer: data from N(m, s^2), whose exact denoiser is
//   E[x0 | x] = m + alpha s^2 (x - alpha m) / (alpha^2 s^2 + sigma^2).
#include "diffusion/solvers.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "diffusion/time_grid.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr double kMean = 0.7, kDeviation = 0.4;

class EverySolver : public ::testing::TestWithParam<std::string> {
 protected:
  // x keeps its dtype; in float64 the solvers' own errors are not hidden by rounding.
  Tensor solve(const Tensor& x, int64_t steps, int* evaluations = nullptr) const {
    const VpLinearSchedule schedule;
    const Denoiser denoise = [&](const Tensor& state, double t) {
      if (evaluations != nullptr) ++*evaluations;
      const double a = schedule.alpha(t), s = schedule.sigma(t), v = kDeviation * kDeviation;
      const Tensor x0 = kMean + (state - a * kMean) * (a * v / (a * a * v + s * s));
      return Prediction{x0, (state - x0 * a) / s};
    };
    auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
    const SolverRun run{
        .schedule = schedule,
        .times = time_grid(find_solver(GetParam()).default_grid, schedule, steps, 1e-3),
        .noise = [&] { return at::randn(x.sizes(), generator, x.options()); },
    };
    return find_solver(GetParam()).sample(denoise, x, run);
  }
};

TEST_P(EverySolver, OneEvaluationAStep) {
  int evaluations = 0;
  solve(at::zeros({1}, at::kDouble), 7, &evaluations);
  EXPECT_EQ(evaluations, 7);
}

TEST_P(EverySolver, ReachesTheDistribution) {
  constexpr int64_t kSamples = 4096;
  const Tensor x = at::randn({kSamples}, at::make_generator<at::CPUGeneratorImpl>(1), at::kDouble);
  const Tensor samples = solve(x, 500);
  // Within 4 standard errors, plus what 500 first-order steps leave as bias.
  EXPECT_NEAR(samples.mean().item<double>(), kMean, 4 * kDeviation / std::sqrt(double(kSamples)) + 0.005);
  EXPECT_NEAR(samples.std().item<double>(), kDeviation, 4 * kDeviation / std::sqrt(2.0 * kSamples) + 0.005);
}

// Deterministic solvers against the exact flow map: x(t_end) - alpha m scales with the marginal deviation.
TEST_P(EverySolver, ConvergesAtItsOrder) {
  const Solver& solver = find_solver(GetParam());
  if (solver.stochastic) return;  // its order is checked in distribution above
  const VpLinearSchedule schedule;
  const double end = solver.default_grid == "time_uniform_zero" ? 0.0 : 1e-3;
  const auto deviation = [&](double t) {
    return std::hypot(schedule.alpha(t) * kDeviation, schedule.sigma(t));
  };
  const Tensor x = at::linspace(-2, 2, 9, at::kDouble);
  const Tensor exact =
      schedule.alpha(end) * kMean + (x - schedule.alpha(1.0) * kMean) * (deviation(end) / deviation(1.0));
  const auto error = [&](int64_t steps) { return testing::max_abs_error(solve(x, steps), exact); };
  const double order = std::log2(error(800) / error(1600));
  EXPECT_GE(order, solver.order - 0.2);
}

INSTANTIATE_TEST_SUITE_P(Table, EverySolver, ::testing::ValuesIn(solver_names()),
                         [](const auto& info) { return info.param; });

TEST(SolverTable, TheReadmeHasEveryRow) {
  const std::string readme = testing::read_bytes(UVIC_SOURCE "/README.md");
  for (const Solver& solver : solvers()) {
    const std::string row =
        c10::str("| `", solver.name, "` | ", solver.order, " | ", solver.stochastic ? "yes" : "no", " | 1 |");
    EXPECT_NE(readme.find(row), std::string::npos) << row;
  }
}

TEST(SolverTable, AnUnknownSolverNamesTheNearest) {
  EXPECT_THROW_WITH(find_solver("dpmpp2m"), UsageError, "did you mean 'dpmpp_2m'?");
}

}  // namespace
}  // namespace uvic
