#include "train/train_state.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <cmath>

namespace uvic {

using at::Tensor;

TrainState::TrainState(std::shared_ptr<torch::nn::Module> module_, const TrainOptions& train,
                       const OptimizerOptions& optimizer_options_, c10::Device device_)
    : options(train),
      optimizer_options(optimizer_options_),
      device(device_),
      module(std::move(module_)),
      slices(whole_batches(train.batch_size, train.grad_accum)),
      optimizer(std::make_unique<AdamW>(module->parameters(), optimizer_options)) {
  restart_ema();
}

void TrainState::restart_ema() {
  ema = std::make_unique<Ema>(module->parameters(), options.averages());
}

SwappedWeights TrainState::with_largest_average() const {
  const int64_t average = ema->largest();
  return {module->parameters(), average < 0 ? module->parameters() : ema->weights(size_t(average))};
}

double TrainState::accumulate_gradients(const Losses& losses) {
  double loss = 0;
  for (int64_t round = 0; round < slices.rounds; ++round) {
    const Tensor share = losses(slices[step * slices.rounds + round]).sum() / double(slices.total);
    share.backward();
    loss += share.item<double>();
  }
  return loss;
}

StepResult TrainState::train_step(const Losses& losses, const Synchronise& synchronise) {
  StepResult result;
  result.lr = learning_rate(optimizer_options, step, options.steps);
  optimizer->zero_grad();
  result.loss = accumulate_gradients(losses);
  auto gradients = optimizer->gradients();
  if (synchronise) synchronise(gradients, result.loss);
  result.grad_norm = gradient_norm(gradients).item<double>();
  result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.grad_norm);
  if (result.skipped) {
    ++skipped;
    ++skipped_in_a_row;
  } else {
    const double clip = options.grad_clip;
    if (clip > 0 && result.grad_norm > clip) at::_foreach_mul_(gradients, clip / (result.grad_norm + 1e-6));
    optimizer->step(result.lr);
    ema->update(step);
    skipped_in_a_row = 0;
  }
  ++step;
  return result;
}

}  // namespace uvic
