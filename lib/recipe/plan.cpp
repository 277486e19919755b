#include "recipe/plan.h"

#include "core/errors.h"
#include "core/text.h"
#include "diffusion/time_grid.h"

namespace uvic {
namespace {

std::string solvers_that(bool Solver::*can) {
  std::vector<std::string> names;
  for (const Solver& solver : solvers()) {
    if (solver.*can) names.push_back(solver.name);
  }
  return join(names, ", ");
}

// Keys that only some solvers or grids read: set without them, they would be ignored.
void check_used(const SampleOptions& options, const SamplingPlan& plan) {
  const SampleOptions defaults;
  check_usage(options.eta < 0 || plan.solver->takes_eta, "sample.eta: ", options.solver,
              " takes none; leave it at -1, or use ", solvers_that(&Solver::takes_eta));
  check_usage(options.eta >= 0 || options.eta == -1, "sample.eta: must be -1 or 0 to 1, got ", options.eta);
  const bool churn = options.s_churn > 0;
  check_usage(!churn || plan.solver->takes_churn, "sample.s_churn: ", options.solver,
              " adds no noise; leave it at 0, or use ", solvers_that(&Solver::takes_churn));
  check_usage(!churn || !plan.schedule->ends_without_signal(),
              "sample.s_churn: needs a finite sigma / alpha at the start of the schedule; leave it at 0");
  check_usage(churn || (options.s_tmin == defaults.s_tmin && options.s_tmax == defaults.s_tmax &&
                        options.s_noise == defaults.s_noise),
              "sample.s_tmin, s_tmax, s_noise: are read only where sample.s_churn is above 0");
  check_usage(options.rho == defaults.rho || plan.options.time_grid == "karras",
              "sample.rho: is read only by time_grid karras, this is ", plan.options.time_grid);
  check_usage(!options.has_guide() || options.cfg != 1.0,
              "sample.guide_checkpoint: ", options.guide_checkpoint, " has no effect at sample.cfg 1");
  check_usage(options.has_guide() || options.guide_weights == defaults.guide_weights,
              "sample.guide_weights: there is no sample.guide_checkpoint to choose them from");
  const auto& interval = options.guidance_interval;
  check_usage(interval.empty() || (interval.size() == 2 && interval[0] < interval[1]),
              "sample.guidance_interval: must be [] or [lo, hi] with lo < hi, got ", interval.size(),
              " numbers", interval.size() == 2 ? " in the wrong order" : "");
}

}  // namespace

SamplingPlan plan_sampling(const SampleOptions& options, const DiffusionOptions& diffusion) {
  const Solver& solver = find_solver(options.solver);
  SamplingPlan plan{.schedule = make_schedule(diffusion),
                    .solver = &solver,
                    .options = options,
                    .eta = solver.takes_eta && options.eta >= 0 ? options.eta : solver.default_eta,
                    .times = {},
                    .evaluations = 0,
                    .callbacks = 0};
  const NoiseSchedule& schedule = *plan.schedule;
  std::string& grid = plan.options.time_grid;
  grid = resolve_time_grid(grid, solver, schedule);
  check_compatible(solver, diffusion.schedule.name(), schedule, grid);
  check_used(options, plan);
  plan.options.t_end = resolve_t_end(options.t_end, solver, schedule);
  if (solver.takes_eta) plan.options.eta = plan.eta;
  const int64_t intervals = solver.intervals(options.steps);
  plan.times = time_grid(grid, schedule, intervals, plan.options.t_end, options.rho);
  plan.evaluations = solver.evaluations(options.steps, ends_at_zero(grid));
  plan.callbacks = solver.mixed_order ? options.steps / 3 + 1 : intervals;
  return plan;
}

}  // namespace uvic
