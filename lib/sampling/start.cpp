#include "sampling/start.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "diffusion/time_grid.h"

namespace uvic {
namespace {

// Solvers whose orders follow from the number of their evaluations: as many of those as are left, on a grid
// of their own from where the whole grid would be by then.
std::vector<double> times_of_mixed_orders(const SamplingPlan& plan, int64_t steps) {
  const std::vector<double> fine = time_grid(plan.options.time_grid, *plan.schedule, plan.options.steps,
                                             plan.options.t_end, plan.options.rho);
  return time_grid(plan.options.time_grid, *plan.schedule, plan.solver->intervals(steps), plan.options.t_end,
                   plan.options.rho, fine[size_t(plan.options.steps - steps)]);
}

}  // namespace

int64_t steps_of(const Solver& solver, int64_t intervals) {
  return solver.needs_noise_at_end && !solver.mixed_order ? intervals * solver.evaluations_per_interval
                                                          : intervals;
}

SamplingPlan shortened(const SamplingPlan& plan, double strength) {
  TORCH_CHECK(strength > 0 && strength <= 1, "strength must be above 0 and at most 1, got ", strength);
  const Solver& solver = *plan.solver;
  const int64_t all = solver.mixed_order ? plan.options.steps : int64_t(plan.times.size()) - 1;
  const int64_t left = std::clamp<int64_t>(std::llround(double(all) * strength), 1, all);
  SamplingPlan rest = plan;
  if (left == all) return rest;
  rest.options.steps = steps_of(solver, left);
  rest.times = solver.mixed_order ? times_of_mixed_orders(plan, left)
                                  : std::vector<double>(plan.times.end() - long(left) - 1, plan.times.end());
  // Churn is parted among the steps of the whole grid.
  rest.options.s_churn *= double(left) / double(all);
  rest.evaluations = solver.evaluations(rest.options.steps, ends_at_zero(plan.options.time_grid));
  rest.callbacks = solver.mixed_order ? left / 3 + 1 : left;
  return rest;
}

at::Tensor mask_of_state(const at::Tensor& mask, const std::array<int64_t, 3>& shape) {
  const auto& [c, h, w] = shape;
  TORCH_CHECK(mask.dim() == 3 && mask.size(1) % h == 0 && mask.size(2) % w == 0, "a mask of ", mask.sizes(),
              " for a state of ", h, " x ", w);
  return mask.view({1, h, mask.size(1) / h, w, mask.size(2) / w}).amax(at::IntArrayRef{2, 4});
}

at::Tensor composed(const Start& start, const at::Tensor& images) {
  if (!start.mask.defined()) return images;
  return at::where(start.mask.to(images.device()), images, start.picture.to(images.device()));
}

}  // namespace uvic
