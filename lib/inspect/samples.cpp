#include "inspect/samples.h"

#include <ATen/ATen.h>

#include <cmath>
#include <map>

namespace uvic {
namespace {

// The steps after which the state is nearest to each of `times`. The state before the first is noise alone,
// that at t = 0 is fed to no network.
std::map<size_t, double> nearest_steps(const std::vector<double>& grid, const std::vector<double>& times) {
  std::map<size_t, double> steps;
  for (const double t : times) {
    size_t best = 1;
    for (size_t i = 1; i < grid.size() && grid[i] > 0; ++i) {
      if (std::abs(grid[i] - t) < std::abs(grid[best] - t)) best = i;
    }
    steps[best] = grid[best];
  }
  return steps;
}

}  // namespace

std::vector<InputSet> sampled_inputs(const LoadedModel& loaded, c10::Device device, const SamplerParts& parts,
                                     const std::vector<double>& times, const Condition& condition,
                                     const at::Tensor& rows, const at::Tensor& groups,
                                     const Sampler::OnStep& on_step) {
  const int64_t count = groups.size(0);
  const Sampler sampler = make_sampler(loaded, device, parts);
  const SamplingPlan& plan = sampler.plan();
  const auto steps = nearest_steps(plan.times, times);
  SampleRequest request;
  for (int64_t seed = 0; seed < count; ++seed) request.seeds.push_back(seed);
  if (condition.labels.defined()) {
    const at::Tensor labels = condition.labels.to(at::kCPU);
    request.labels.assign(labels.const_data_ptr<int64_t>(), labels.const_data_ptr<int64_t>() + count);
  }
  request.context = rows;
  std::map<size_t, std::vector<at::Tensor>> states;
  sampler.run(
      request, [](size_t, const at::Tensor&) {},
      [&](size_t first, int64_t step, const at::Tensor& x) {
        if (steps.contains(size_t(step))) states[size_t(step)].push_back(x.clone());
        if (on_step) on_step(first, step, x);
      });
  const PredictionType prediction(loaded.recipe().diffusion);
  std::vector<InputSet> sets;
  for (const auto& [step, t] : steps) {
    if (!states.contains(step)) continue;
    const auto scale = prediction.input_scale(*plan.schedule, t);
    const double timestep = plan.schedule->timestep(t);
    const at::Tensor x = at::cat(states[step]) * scale;
    sets.push_back({.source = "samples",
                    .t = t,
                    .timestep = timestep,
                    .images = count,
                    .groups = groups,
                    .run = [=](const Network& network, int64_t first, int64_t n) {
                      network(x.narrow(0, first, n), at::full({n}, timestep, x.options()),
                              condition.part(first, n));
                      return at::Tensor();
                    }});
  }
  return {sets.rbegin(), sets.rend()};
}

}  // namespace uvic
