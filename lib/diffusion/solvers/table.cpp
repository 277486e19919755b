#include "diffusion/solvers/table.h"

#include <algorithm>

#include "core/errors.h"
#include "core/text.h"
#include "diffusion/solvers/solvers.h"
#include "diffusion/time_grid.h"

namespace uvic {
namespace {

constexpr auto kUniform = "time_uniform", kUniformZero = "time_uniform_zero", kLogSnr = "logSNR";

Solver single_step(int order, decltype(Solver::sample) sample) {
  return {.name = "dpm_solver_" + std::to_string(order),
          .order = order,
          .default_grid = kUniform,
          .sample = sample,
          .source = "Lu et al. 2022a, DPM-Solver-" + std::to_string(order),
          .evaluations_per_interval = order,
          .needs_noise_at_end = true,
          .needs_signal_at_start = true};
}

std::vector<Solver> make_table() {
  return {
      {.name = "ddpm",
       .stochastic = true,
       .default_grid = kUniformZero,
       .sample = sample_ddim,
       .source = "Ho et al. 2020, algorithm 2",
       .default_eta = 1.0},
      {.name = "ddim",
       .default_grid = kUniformZero,
       .sample = sample_ddim,
       .source = "Song et al. 2020, eq. 12 (eta: eq. 16)",
       .takes_eta = true},
      {.name = "euler",
       .default_grid = kUniformZero,
       .sample = sample_euler,
       .source = "Karras et al. 2022, algorithm 2 without its correction",
       .takes_churn = true},
      {.name = "euler_ancestral",
       .stochastic = true,
       .default_grid = kUniformZero,
       .sample = sample_ddim,
       .source = "k-diffusion; DDIM at eta = 1",
       .default_eta = 1.0,
       .takes_eta = true},
      {.name = "heun",
       .order = 2,
       .default_grid = "karras",
       .sample = sample_heun,
       .source = "Karras et al. 2022, algorithm 2",
       .takes_churn = true,
       .evaluations_per_interval = 2},
      {.name = "euler_maruyama_sde",
       .stochastic = true,
       .default_grid = kUniformZero,
       .sample = sample_euler_maruyama_sde,
       .source = "Song et al. 2021, eq. 6 (U-ViT's CIFAR-10 sampler)",
       .needs_moderate_drift = true},
      {.name = "euler_maruyama_ode",
       .default_grid = kUniformZero,
       .sample = sample_euler_maruyama_ode,
       .source = "Song et al. 2021, eq. 13",
       .needs_moderate_drift = true},
      single_step(1, sample_dpm_solver_1),
      single_step(2, sample_dpm_solver_2),
      single_step(3, sample_dpm_solver_3),
      {.name = "dpm_solver_fast",
       .order = 3,
       .default_grid = kLogSnr,
       .sample = sample_dpm_solver_fast,
       .source = "Lu et al. 2022a, appendix D.3 (U-ViT's ImageNet-64 sampler)",
       .evaluations_per_interval = 3,
       .mixed_order = true,
       .needs_noise_at_end = true,
       .needs_signal_at_start = true,
       .default_t_end = 1e-4},
      {.name = "dpmpp_fast",
       .order = 3,
       .default_grid = kUniform,
       .sample = sample_dpmpp_fast,
       .source = "Lu et al. 2022b, single-step (U-ViT's sampler of latents)",
       .mixed_order = true,
       .needs_noise_at_end = true,
       .needs_signal_at_start = true},
      {.name = "dpmpp_2m",
       .order = 2,
       .default_grid = kUniform,
       .sample = sample_dpmpp_2m,
       .source = "Lu et al. 2022b, algorithm 2"},
      {.name = "dpmpp_3m",
       .order = 2,
       .default_grid = kUniform,
       .sample = sample_dpmpp_3m,
       .source = "Lu et al. 2022b, multistep of three points"},
      {.name = "dpmpp_2m_sde",
       .order = 2,
       .stochastic = true,
       .default_grid = kUniform,
       .sample = sample_dpmpp_2m,
       .source = "Lu et al. 2022b, SDE-DPM-Solver++(2M)",
       .default_eta = 1.0,
       .takes_eta = true},
      {.name = "dpmpp_3m_sde",
       .order = 2,
       .stochastic = true,
       .default_grid = kLogSnr,
       .sample = sample_dpmpp_3m,
       .source = "k-diffusion, after Lu et al. 2022b",
       .default_eta = 1.0,
       .takes_eta = true},
      {.name = "unipc",
       .order = 2,
       .default_grid = kUniform,
       .sample = sample_unipc,
       .source = "Zhao et al. 2023, UniPC-2, B(h) = expm1(-h)"},
  };
}

}  // namespace

const std::vector<Solver>& solvers() {
  static const std::vector<Solver> table = make_table();
  return table;
}

std::vector<std::string> solver_names() {
  std::vector<std::string> names;
  for (const Solver& solver : solvers()) names.push_back(solver.name);
  return names;
}

const Solver& find_solver(const std::string& name) {
  const auto& table = solvers();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Solver& s) { return s.name == name; });
  check_usage(found != table.end(), "solver: ", unknown_value(name, solver_names()), "; it must be one of ",
              join(solver_names(), ", "));
  return *found;
}

int64_t Solver::intervals(int64_t steps) const {
  // Single-step solvers take their evaluations out of `steps`; Heun's steps are intervals, as in EDM.
  if (!needs_noise_at_end) return steps;
  check_usage(mixed_order || steps >= order, "sample.steps: ", steps, " is too few for ", name,
              ", which takes ", order, " evaluations a step");
  return steps / evaluations_per_interval + (mixed_order && evaluations_per_interval > 1 ? 1 : 0);
}

int64_t Solver::evaluations(int64_t steps, bool to_zero) const {
  if (mixed_order) return steps;
  if (needs_noise_at_end) return intervals(steps) * evaluations_per_interval;
  return steps * evaluations_per_interval - (evaluations_per_interval == 2 && to_zero ? 1 : 0);
}

std::string Solver::evaluations_text() const {
  return mixed_order ? "1-3" : std::to_string(evaluations_per_interval);
}

std::string resolve_time_grid(const std::string& name, const Solver& solver, const NoiseSchedule& schedule) {
  if (name != "auto") return name;
  if (schedule.spans_decades()) return solver.needs_noise_at_end ? kLogSnr : "karras";
  if (schedule.ends_without_signal() && solver.default_grid == "karras") return kUniformZero;
  if (schedule.ends_without_signal() && solver.default_grid == kLogSnr) return kUniform;
  return solver.default_grid;
}

double resolve_t_end(double t_end, const Solver& solver, const NoiseSchedule& schedule) {
  return t_end > 0 ? t_end : std::max(schedule.min_time(), solver.default_t_end);
}

void check_compatible(const Solver& solver, const std::string& schedule_name, const NoiseSchedule& schedule,
                      const std::string& grid) {
  check_usage(!schedule.ends_without_signal() || !solver.needs_signal_at_start,
              "sample.solver: ", solver.name,
              " steps in log(alpha / sigma), which is -infinity at the start of schedule ", schedule_name,
              " (no signal left); use ddim, euler, heun, dpmpp_2m or unipc");
  constexpr double kHugeDrift = 1e4;
  const double drift = -schedule.drift(schedule.max_time());
  check_usage(drift < kHugeDrift || !solver.needs_moderate_drift, "sample.solver: ", solver.name,
              " takes steps of the drift, which is ", drift, " times x at the start of schedule ",
              schedule_name, "; use ddpm, ddim, euler, heun or dpmpp_2m");
  check_usage(!schedule.ends_without_signal() || (grid != "karras" && grid != kLogSnr),
              "sample.time_grid: ", grid, " needs a finite sigma / alpha at the start, which schedule ",
              schedule_name, " has not; use ", kUniform, " or ", kUniformZero);
  check_usage(!solver.needs_noise_at_end || !ends_at_zero(grid), "sample.time_grid: ", solver.name,
              " cannot end at t = 0, as ", grid, " does; use ", kUniform, ", ", kLogSnr,
              " or time_quadratic");
}

}  // namespace uvic
