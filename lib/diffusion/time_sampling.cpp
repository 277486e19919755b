#include "diffusion/time_sampling.h"

#include <c10/util/Exception.h>

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
  switch (options.time_sampling) {
    case TimeSampling::kUniform:
      return schedule.time_at(double(random.uniform()));
    case TimeSampling::kStratified:
      return schedule.time_at((double(position) + double(random.uniform())) / double(batch_size));
    case TimeSampling::kLogitNormal: {
      const double u = 1.0 / (1.0 + std::exp(-normal(options.logit_mean, options.logit_std)));
      return schedule.time_at(std::min(u, 1.0 - 1e-7));
    }
    case TimeSampling::kLogNormal: {
      const double t = schedule.inverse_lambda(-normal(options.p_mean, options.p_std));
      // A discrete schedule trains on its own levels.
      return schedule.time_at(std::clamp(schedule.fraction(t), 0.0, 1.0 - 1e-7));
    }
  }
  TORCH_CHECK(false, "unreachable");
}

}  // namespace uvic
