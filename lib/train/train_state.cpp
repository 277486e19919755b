#include "train/train_state.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <cmath>

#include "core/errors.h"

namespace uvic {

using at::Tensor;

SliceSequence share_of_batch(const World& world, const TrainOptions& train) {
  const int64_t ranks = world.size(), size = train.batch_size, rounds = train.grad_accum;
  check_usage(size % (ranks * rounds) == 0, "train.batch_size: ", size, " cannot be shared by ", ranks,
              " processes in ", rounds, " equal micro-batches (train.grad_accum)");
  return {size, world.rank() * (size / ranks), size / ranks, rounds};
}

TrainState::TrainState(std::shared_ptr<torch::nn::Module> module_, const TrainOptions& train,
                       const OptimizerOptions& optimizer_options_, c10::Device device_, const World& world_)
    : options(train),
      optimizer_options(optimizer_options_),
      device(device_),
      module(std::move(module_)),
      world(world_),
      slices(share_of_batch(world, train)),
      optimizer(make_optimizer(module->parameters(), optimizer_options, world, train.shard_optimizer)) {
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
    if (round == slices.rounds - 1) optimizer->begin_last();
    share.backward();
    loss += share.item<double>();
  }
  return loss;
}

StepResult TrainState::train_step(const Losses& losses, const std::function<bool()>& stopping) {
  StepResult result;
  result.lr = learning_rate(optimizer_options, step, options.steps);
  optimizer->zero_grad();
  const double loss = accumulate_gradients(losses);
  const Tensor told = at::tensor({loss, stopping && stopping() ? 1.0 : 0.0}, at::kDouble);
  world.sum(told);
  result.loss = told[0].item<double>();
  result.stop = told[1].item<double>() > 0;
  result.grad_norm = optimizer->gradient_norm();
  result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.grad_norm);
  if (result.skipped) {
    ++skipped;
    ++skipped_in_a_row;
  } else {
    const double clip = options.grad_clip;
    if (clip > 0 && result.grad_norm > clip) optimizer->scale_gradients(clip / (result.grad_norm + 1e-6));
    optimizer->update(result.lr);
    ema->update(step);
    skipped_in_a_row = 0;
  }
  ++step;
  return result;
}

}  // namespace uvic
