#pragma once
#include <optional>
#include <string>
#include <vector>

#include "diffusion/schedule.h"

namespace uvic {

/// Names of the time grids, T the schedule's max_time:
/// time_uniform: T to t_end in equal intervals; time_uniform_zero: linspace(t_end, T, intervals), then 0
/// (U-ViT's Euler-Maruyama grid); time_quadratic: equal intervals of sqrt(t) from T to t_end (Song et al.
/// 2020, appendix D.2); logSNR: equal intervals of log(alpha / sigma) from T to t_end; karras: equal
/// intervals of (sigma / alpha)^(1/rho) from T to t_end, then 0 (Karras et al. 2022, arXiv 2206.00364, eq.
/// 5).
std::vector<std::string> time_grid_names();

/// Whether the grid's last time is 0.
bool ends_at_zero(const std::string& name);

/// `intervals` + 1 decreasing times, from `start` instead of T if that is given.
std::vector<double> time_grid(const std::string& name, const NoiseSchedule& schedule, int64_t intervals,
                              double t_end, double rho = 7.0, std::optional<double> start = {});

}  // namespace uvic
