#include "sampling/repaint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

using at::Tensor;

bool repaints(const Solver& solver) {
  return !solver.mixed_order && solver.name != "unipc";
}

SolverRun part_of(const SolverRun& run, const Solver& solver, const RepaintPiece& piece) {
  SolverRun part = run;
  part.times.assign(run.times.begin() + long(piece.begin), run.times.begin() + long(piece.end) + 1);
  part.steps = steps_of(solver, part.intervals());
  part.s_churn *= double(part.intervals()) / double(run.intervals());
  return part;
}

// From time s back to t > s: x_t given x_s.
Tensor noised_again(const NoiseSchedule& schedule, const Tensor& x, double s, double t,
                    const NoiseSource& noise) {
  const double share = schedule.alpha(t) / schedule.alpha(s), left = share * schedule.sigma(s);
  const double fresh = schedule.sigma(t) * schedule.sigma(t) - left * left;
  return x * share + noise() * std::sqrt(std::max(fresh, 0.0));
}

Tensor known_at(const NoiseSchedule& schedule, const KnownPart& known, double t) {
  const double sigma = schedule.sigma(t);
  const Tensor mean = known.state * schedule.alpha(t);
  return sigma > 0 ? mean + known.noise() * sigma : mean.unsqueeze(0);
}

}  // namespace

std::vector<RepaintPiece> repaint_pieces(int64_t intervals, int64_t jump, int64_t resample) {
  if (resample == 1 || intervals < 2) return {{0, intervals, 1}};
  const int64_t length = std::min(jump, intervals / 2);
  // Ends of what is passed several times, counted from the end of the grid: 0, length, ... below intervals -
  // length.
  const int64_t repeated = (intervals - length + length - 1) / length;
  std::vector<RepaintPiece> pieces;
  if (const int64_t first = intervals - repeated * length; first > 0) pieces.push_back({0, first, 1});
  for (int64_t left = repeated; left > 0; --left)
    pieces.push_back({intervals - left * length, intervals - (left - 1) * length, resample});
  return pieces;
}

Tensor sample_repaint(const Solver& solver, const Denoiser& denoise, Tensor x, const SolverRun& run,
                      const KnownPart& known) {
  int64_t count = 0;
  for (const RepaintPiece& piece : repaint_pieces(run.intervals(), known.jump, known.resample)) {
    SolverRun part = part_of(run, solver, piece);
    part.on_step = [&](int64_t step, Tensor& state) {
      state = at::where(known.mask, state, known_at(run.schedule, known, part.times[size_t(step)]));
      run.on_step(++count, state);
    };
    for (int64_t pass = 1; pass <= piece.passes; ++pass) {
      x = solver.sample(denoise, x, part);
      if (pass < piece.passes)
        x = noised_again(run.schedule, x, part.times.back(), part.times.front(), known.noise);
    }
  }
  return x;
}

SamplingPlan plan_with(const SamplingPlan& plan, const Start& start) {
  if (start.empty()) return plan;
  SamplingPlan all = plan;
  all.evaluations = all.callbacks = 0;
  if (start.strength == 0) return all;
  const SamplingPlan once = shortened(plan, start.strength);
  if (!start.mask.defined()) return once;
  check_repaints(*plan.solver);
  const int64_t intervals = int64_t(once.times.size()) - 1;
  for (const RepaintPiece& piece : repaint_pieces(intervals, start.jump, start.resample)) {
    const int64_t length = piece.end - piece.begin;
    const bool to_zero = piece.end == intervals && once.times.back() == 0;
    all.callbacks += piece.passes * length;
    all.evaluations += piece.passes * plan.solver->evaluations(steps_of(*plan.solver, length), to_zero);
  }
  return all;
}

void check_repaints(const Solver& solver) {
  std::vector<std::string> able;
  for (const Solver& other : solvers()) {
    if (repaints(other)) able.push_back(other.name);
  }
  check_usage(repaints(solver), "--mask: solver ", solver.name,
              " does not go on from what is put back into its images; use ", join(able, ", "));
}

}  // namespace uvic
