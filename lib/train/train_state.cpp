#include "train/train_state.h"

#include <ATen/ATen.h>

#include <cmath>

#include "nn/autocast.h"

namespace uvic {

using at::Tensor;

TrainState::TrainState(const Config& config_, c10::Device device_)
    : config(config_), device(device_), loss_(config_.diffusion) {
  at::manual_seed(uint64_t(config.train.seed));
  model = std::make_shared<UViT>(config.model);
  model->to(device);
  optimizer = std::make_unique<AdamW>(model->parameters(), config.optimizer);
  restart_ema();
}

void TrainState::restart_ema() {
  ema = std::make_unique<Ema>(model->parameters(), config.train);
}

Tensor TrainState::losses(const StepInputs& inputs) const {
  const Network network = [&](const Tensor& x, const Tensor& timesteps, const Condition& condition) {
    const AutocastScope autocast(AutocastState::for_precision(config.train.precision, device));
    return model->forward(x, timesteps, condition.labels, condition.context);
  };
  return loss_(network, inputs.x0, inputs.noise, inputs.t, inputs.condition);
}

void TrainState::accumulate_gradients(const StepInputs& inputs, StepResult& result) {
  const int64_t B = inputs.x0.size(0), micro = B / config.train.grad_accum;
  result.losses = at::empty({B}, at::kFloat);
  for (int64_t first = 0; first < B; first += micro) {
    const Tensor each = losses(inputs.part(first, micro)), share = each.sum() / double(B);
    share.backward();
    result.loss += share.item<double>();
    result.losses.narrow(0, first, micro).copy_(each.detach());
  }
}

StepResult TrainState::train_step(const StepInputs& inputs) {
  StepResult result;
  result.lr = learning_rate(config.optimizer, step, config.train.steps);
  optimizer->zero_grad();
  accumulate_gradients(inputs, result);
  auto gradients = optimizer->gradients();
  result.grad_norm = gradient_norm(gradients).item<double>();
  result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.grad_norm);
  if (result.skipped) {
    ++skipped;
    ++skipped_in_a_row;
  } else {
    const double clip = config.train.grad_clip;
    if (clip > 0 && result.grad_norm > clip) at::_foreach_mul_(gradients, clip / (result.grad_norm + 1e-6));
    optimizer->step(result.lr);
    ema->update(step);
    skipped_in_a_row = 0;
  }
  ++step;
  return result;
}

}  // namespace uvic
