// The table of solvers that drives `--solver`, `--help`, the README and the tests.
#pragma once
#include <string>
#include <vector>

#include "diffusion/solvers/run.h"

namespace uvic {

struct Solver {
  std::string name;
  int order = 1;
  bool stochastic = false;
  std::string default_grid;
  at::Tensor (*sample)(const Denoiser&, at::Tensor, const SolverRun&) = nullptr;
  std::string source;

  /// eta unless the user says otherwise; `takes_eta` if that can be said.
  double default_eta = 0.0;
  bool takes_eta = false;
  bool takes_churn = false;
  /// Evaluations an interval: `order` for a single-step solver; 2 for Heun; mixed: `order` but for the end.
  int evaluations_per_interval = 1;
  bool mixed_order = false;
  /// What it cannot do: a grid that ends at t = 0, a schedule that starts without signal, one whose drift is
  /// huge or infinite there.
  bool needs_noise_at_end = false, needs_signal_at_start = false, needs_moderate_drift = false;
  /// Where it ends on a continuous schedule.
  double default_t_end = 1e-3;

  /// Intervals of the time grid for `sample.steps`. UsageError if there are too few steps.
  int64_t intervals(int64_t steps) const;
  /// Evaluations of the network. `to_zero`: the grid ends at t = 0.
  int64_t evaluations(int64_t steps, bool to_zero) const;
  /// For tables: "1", "2", "1-3".
  std::string evaluations_text() const;
};

const std::vector<Solver>& solvers();
std::vector<std::string> solver_names();
/// UsageError names the nearest solver.
const Solver& find_solver(const std::string& name);

/// The grid of `name`, "auto" being the solver's own where the schedule allows it.
std::string resolve_time_grid(const std::string& name, const Solver& solver, const NoiseSchedule& schedule);
/// `t_end`, 0 being the solver's and schedule's own.
double resolve_t_end(double t_end, const Solver& solver, const NoiseSchedule& schedule);
/// UsageError says why a solver, a schedule and a (resolved) grid cannot go together.
void check_compatible(const Solver& solver, const std::string& schedule_name, const NoiseSchedule& schedule,
                      const std::string& grid);

}  // namespace uvic
