#include "diffusion/time_sampling.h"

#include <algorithm>
#include <cmath>

namespace uvic {

double sample_time(const DiffusionOptions& options, const NoiseSchedule& schedule, CounterRandom& random,
                   int64_t position, int64_t batch_size) {
  const auto normal = [&](double mean, double deviation) {
    float z = 0;
    random.fill_normal({&z, 1});
    return mean + deviation * double(z);
  };
  if (options.time_sampling == "logit_normal") {
    const double u = 1.0 / (1.0 + std::exp(-normal(options.logit_mean, options.logit_std)));
    return schedule.time_at(std::min(u, 1.0 - 1e-7));
  }
  if (options.time_sampling == "log_normal") {
    const double t = schedule.inverse_lambda(-normal(options.p_mean, options.p_std));
    // A discrete schedule trains on its own levels.
    return schedule.time_at(std::clamp(schedule.fraction(t), 0.0, 1.0 - 1e-7));
  }
  const double u = double(random.uniform());
  return schedule.time_at(options.time_sampling == "stratified" ? (double(position) + u) / double(batch_size)
                                                                : u);
}

}  // namespace uvic
