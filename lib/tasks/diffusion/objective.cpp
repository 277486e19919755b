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

at::Tensor DiffusionObjective::losses(const StepInputs& inputs) const {
  const Network network = [&](const at::Tensor& x, const at::Tensor& timesteps, const Condition& condition) {
    const AutocastScope autocast(AutocastState::for_precision(precision_, device_));
    return model_->forward(x, timesteps, condition.labels, condition.context);
  };
  return loss_(network, inputs.x0, inputs.noise, inputs.t, inputs.condition);
}

}  // namespace uvic
