#include "diffusion/denoiser.h"

#include <ATen/ATen.h>

#include "core/errors.h"

namespace uvic {

using at::Tensor;

PredictionType parse_prediction(const std::string& name) {
  if (name == "noise") return PredictionType::kNoise;
  check_usage(name == "x0", "diffusion.prediction: unknown value '", name, "'");
  return PredictionType::kX0;
}

Tensor prediction_target(PredictionType type, const Tensor& x0, const Tensor& noise) {
  return type == PredictionType::kNoise ? noise : x0;
}

Prediction to_prediction(PredictionType type, const Tensor& output, const Tensor& x, double alpha,
                         double sigma, bool clip_x0) {
  Tensor x0 = type == PredictionType::kX0 ? output : (x - output * sigma) / alpha;
  if (clip_x0) x0 = x0.clamp(-1.0, 1.0);
  const bool noise_is_given = type == PredictionType::kNoise && !clip_x0;
  return {x0, noise_is_given ? output : (x - x0 * alpha) / sigma};
}

Network with_guidance(Network network, double cfg, int64_t null_label) {
  if (cfg == 1.0) return network;
  return [network = std::move(network), cfg, null_label](const Tensor& x, const Tensor& timesteps,
                                                         const Tensor& labels) {
    const Tensor both = network(at::cat({x, x}), at::cat({timesteps, timesteps}),
                                at::cat({labels, at::full_like(labels, null_label)}));
    const Tensor cond = both.slice(0, 0, x.size(0)), uncond = both.slice(0, x.size(0));
    return uncond + (cond - uncond) * cfg;
  };
}

Denoiser make_denoiser(Network network, std::shared_ptr<const NoiseSchedule> schedule, PredictionType type,
                       bool clip_x0, Tensor labels) {
  return [=](const Tensor& x, double t) {
    const Tensor timesteps = at::full({x.size(0)}, schedule->timestep(t), x.options());
    return to_prediction(type, network(x, timesteps, labels), x, schedule->alpha(t), schedule->sigma(t),
                         clip_x0);
  };
}

}  // namespace uvic
