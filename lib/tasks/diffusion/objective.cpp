#include "tasks/diffusion/objective.h"

#include <ATen/ATen.h>

#include "nn/autocast.h"
#include "nn/uvit.h"

namespace uvic {

DiffusionObjective::DiffusionObjective(const DiffusionConfig& config, c10::Device device, uint64_t seed)
    : loss_(config.diffusion), precision_(config.train.precision), device_(device) {
  at::manual_seed(seed);
  model_ = std::make_shared<UViT>(config.model);
  model_->to(device);
}

std::vector<at::Tensor> DiffusionObjective::prepared(const StepInputs& inputs) const {
  const NoisedBatch batch = loss_.noised(inputs.x0, inputs.noise, inputs.t);
  return {batch.input,
          batch.target,
          batch.timesteps,
          batch.weight,
          inputs.condition.labels,
          inputs.condition.context};
}

at::Tensor DiffusionObjective::losses(const std::vector<at::Tensor>& prepared) const {
  const Network network = [&](const at::Tensor& x, const at::Tensor& timesteps, const Condition& condition) {
    const AutocastScope autocast(AutocastState::for_precision(precision_, device_));
    return model_->forward(x, timesteps, condition.labels, condition.context);
  };
  const NoisedBatch batch{prepared[0], prepared[1], prepared[2], prepared[3]};
  return DiffusionLoss::of(network, batch, {prepared[4], prepared[5]});
}

}  // namespace uvic
