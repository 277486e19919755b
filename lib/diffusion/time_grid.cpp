#include "diffusion/time_grid.h"

#include "core/errors.h"

namespace uvic {
namespace {

std::vector<double> linspace(double from, double to, int64_t intervals) {
  std::vector<double> values;
  for (int64_t i = 0; i <= intervals; ++i)
    values.push_back(from + (to - from) * double(i) / double(intervals));
  return values;
}

}  // namespace

std::vector<std::string> time_grid_names() {
  return {"time_uniform", "time_uniform_zero", "logSNR"};
}

std::vector<double> time_grid(const std::string& name, const NoiseSchedule& schedule, int64_t steps,
                              double t_end) {
  if (name == "time_uniform") return linspace(1.0, t_end, steps);
  if (name == "time_uniform_zero") {
    auto times = steps == 1 ? std::vector<double>{1.0} : linspace(1.0, t_end, steps - 1);
    times.push_back(0.0);
    return times;
  }
  check_usage(name == "logSNR", "sample.time_grid: unknown value '", name, "'");
  auto times = linspace(schedule.lambda(1.0), schedule.lambda(t_end), steps);
  for (double& time : times) time = schedule.inverse_lambda(time);
  return times;
}

}  // namespace uvic
