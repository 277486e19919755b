#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "diffusion/options.h"
#include "diffusion/solvers/table.h"
#include "recipe/sample_options.h"

namespace uvic {

/// SampleOptions worked out for one schedule.
struct SamplingPlan {
  std::shared_ptr<const NoiseSchedule> schedule;
  const Solver* solver;
  SampleOptions options;  ///< what was "auto", 0 or -1 replaced by its value
  double eta;
  std::vector<double> times;
  int64_t evaluations;  ///< of the network an image; guidance counts once
  int64_t callbacks;    ///< calls of on_step
};

/// UsageError says why options cannot go together with each other or with the schedule, naming the keys.
SamplingPlan plan_sampling(const SampleOptions& options, const DiffusionOptions& diffusion);

}  // namespace uvic
