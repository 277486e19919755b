// Inpainting by a network that was not trained for it: RePaint (Lugmayr et al. 2022, arXiv 2201.09865).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "recipe/plan.h"
#include "sampling/start.h"

namespace uvic {

/// Intervals begin .. end - 1 of a time grid, gone through `passes` times.
struct RepaintPiece {
  int64_t begin = 0, end = 0, passes = 1;
  bool operator==(const RepaintPiece&) const = default;
};

/// How RePaint goes through `intervals` (appendix B, its jump_length and jump_n_sample): whenever `jump`
/// intervals are done, back over them with new noise and forth again, until they have been passed `resample`
/// times; the first of all are passed once. A jump of more than half of the intervals is taken as half.
std::vector<RepaintPiece> repaint_pieces(int64_t intervals, int64_t jump, int64_t resample);

/// What is known of a picture, as states.
struct KnownPart {
  at::Tensor state;  ///< [c, h, w]
  at::Tensor mask;   ///< bool [1, h, w], true where it is not known
  int64_t resample = 1, jump = 10;
  NoiseSource noise;  ///< of the known part and of the ways back; not the solver's own
};

/// Algorithm 1 around any solver of repaint_solvers: after each step what is known is put in, noised to where
/// the step ends (eq. 8). `run.on_step` counts the steps of all passes. A multistep solver begins anew in
/// each pass.
at::Tensor sample_repaint(const Solver& solver, const Denoiser& denoise, at::Tensor x, const SolverRun& run,
                          const KnownPart& known);

/// What a plan comes to for images that begin with `start`: fewer steps, and those of all passes.
SamplingPlan plan_with(const SamplingPlan& plan, const Start& start);

/// UsageError, naming those that do, for a solver that does not see what is put into its state: UniPC
/// corrects the step before, and dpm_solver_fast and dpmpp_fast have orders that follow from the number of
/// all steps.
void check_repaints(const Solver& solver);

}  // namespace uvic
