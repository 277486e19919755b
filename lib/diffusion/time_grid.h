#pragma once
#include <string>
#include <vector>

#include "diffusion/schedule.h"

namespace uvic {

/// Names of the time grids: time_uniform (1 to t_end in `steps` equal intervals), time_uniform_zero
/// (linspace(t_end, 1, steps), then 0: U-ViT's Euler-Maruyama grid), logSNR (equal intervals of lambda from 1
/// to t_end).
std::vector<std::string> time_grid_names();

/// `steps` + 1 decreasing times from 1.
std::vector<double> time_grid(const std::string& name, const NoiseSchedule& schedule, int64_t steps,
                              double t_end);

}  // namespace uvic
