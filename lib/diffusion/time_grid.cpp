#include "diffusion/time_grid.h"

#include <cmath>

#include "core/errors.h"

namespace uvic {
namespace {

// Equal intervals between f(from) and f(to), mapped back by g; the ends themselves are exact.
template <class F, class G>
std::vector<double> spaced(double from, double to, int64_t intervals, F f, G g) {
  std::vector<double> times = {from};
  for (int64_t i = 1; i < intervals; ++i) {
    times.push_back(g(f(from) + (f(to) - f(from)) * double(i) / double(intervals)));
  }
  if (intervals > 0) times.push_back(to);
  return times;
}

}  // namespace

std::vector<std::string> time_grid_names() {
  return {"time_uniform", "time_uniform_zero", "time_quadratic", "logSNR", "karras"};
}

bool ends_at_zero(const std::string& name) {
  return name == "time_uniform_zero" || name == "karras";
}

std::vector<double> time_grid(const std::string& name, const NoiseSchedule& schedule, int64_t intervals,
                              double t_end, double rho, std::optional<double> from) {
  const double start = from.value_or(schedule.max_time());
  const int64_t n = ends_at_zero(name) ? intervals - 1 : intervals;
  const auto same = [](double t) { return t; };
  std::vector<double> times;
  if (name == "time_uniform" || name == "time_uniform_zero") {
    times = spaced(start, t_end, n, same, same);
  } else if (name == "time_quadratic") {
    times = spaced(
        start, t_end, n, [](double t) { return std::sqrt(t); }, [](double root) { return root * root; });
  } else if (name == "logSNR") {
    times = spaced(
        start, t_end, n, [&](double t) { return schedule.lambda(t); },
        [&](double lambda) { return schedule.inverse_lambda(lambda); });
  } else {
    check_usage(name == "karras", "sample.time_grid: unknown value '", name, "'");
    times = spaced(
        start, t_end, n, [&](double t) { return std::pow(schedule.edm_sigma(t), 1.0 / rho); },
        [&](double root) { return schedule.inverse_lambda(-rho * std::log(root)); });
  }
  if (ends_at_zero(name)) times.push_back(0.0);
  return times;
}

}  // namespace uvic
