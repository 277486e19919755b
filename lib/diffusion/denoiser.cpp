#include "diffusion/denoiser.h"

#include <ATen/ATen.h>

namespace uvic {

using at::Tensor;

Denoiser make_denoiser(const DenoiserParts& parts, Condition condition) {
  const Network guided = with_guidance(parts.network, parts.guidance);
  return [parts, guided, condition = std::move(condition)](const Tensor& x, double t) {
    const auto& schedule = *parts.schedule;
    const Tensor timesteps = at::full({x.size(0)}, schedule.timestep(t), x.options());
    const double scale = parts.prediction.input_scale(schedule, t);
    const Network& network = parts.guidance.active(t) ? guided : parts.network;
    const Tensor output = network(scale == 1.0 ? x : x * scale, timesteps, condition);
    return parts.prediction.convert(output, x, schedule.alpha(t), schedule.sigma(t), parts.clip_x0);
  };
}

}  // namespace uvic
