#include "train/train_state.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <cmath>

#include "core/errors.h"
#include "core/reproducible.h"

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
      optimizer(make_optimizer(*module, optimizer_options, train, world)) {
  // The ranks' sums start while the backward runs, and micro-batches add to gradients that are there.
  if (options.cuda_graph && GpuGraph::possible(device) && world.alone() && slices.rounds == 1)
    recorded_.emplace(module->parameters(), device);
  restart_ema();
}

void TrainState::restart_ema() {
  ema = std::make_unique<Ema>(module->parameters(), options.averages());
}

SwappedWeights TrainState::with_largest_average() const {
  const int64_t average = ema->largest();
  return {module->parameters(), average < 0 ? module->parameters() : ema->weights(size_t(average))};
}

double TrainState::accumulate_gradients(const StepWork& work) {
  const DeterministicScope deterministic(device);
  double loss = 0;
  for (int64_t round = 0; round < slices.rounds; ++round) {
    const auto inputs = work.inputs(slices[step * slices.rounds + round]);
    const auto share_of = [&](const Tensor& losses) { return losses.sum() / double(slices.total); };
    Tensor losses, share;
    if (recorded_ && work.replayable) {
      losses = recorded_->run(inputs, double(slices.total), work.losses);
      share = share_of(losses);
    } else {
      losses = work.losses(inputs);
      share = share_of(losses);
      if (round == slices.rounds - 1) optimizer->begin_last();
      share.backward();
    }
    work.count(losses.detach());
    loss += share.item<double>();
  }
  return loss;
}

StepResult TrainState::train_step(const StepWork& work, const std::function<bool()>& stopping) {
  StepResult result;
  result.lr = learning_rate(optimizer_options, step, options.steps);
  optimizer->zero_grad();
  const double loss = accumulate_gradients(work);
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
