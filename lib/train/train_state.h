// Everything that a training run carries from step to step, and the step itself.
#pragma once
#include <c10/core/Device.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/slice.h"
#include "recipe/ema.h"
#include "train/optimizer.h"
#include "train/options.h"
#include "train/recorded_step.h"

namespace torch::nn {
class Module;
}

namespace uvic {

struct StepResult {
  double loss = 0;       ///< mean over the batch
  double lr = 0;         ///< the rate used
  double grad_norm = 0;  ///< before clipping
  bool skipped = false;  ///< loss or gradient was not finite: nothing was updated
  bool stop = false;     ///< a rank wants to stop after this step
};

/// This process's part of each batch. UsageError where train.batch_size cannot be shared equally.
SliceSequence share_of_batch(const World& world, const TrainOptions& train);

/// What a step is made of, as Task has it.
struct StepWork {
  std::function<std::vector<at::Tensor>(const Slice&)> inputs;
  std::function<at::Tensor(const std::vector<at::Tensor>&)> losses;
  bool replayable = true;
  std::function<void(const at::Tensor&)> count = [](const at::Tensor&) {};
};

class TrainState {
 public:
  /// A fresh run of a module with its initial weights, which is on `device`; `world` shares each batch in
  /// equal parts. UsageError where train.batch_size cannot be.
  TrainState(std::shared_ptr<torch::nn::Module> module, const TrainOptions& train,
             const OptimizerOptions& optimizer, c10::Device device, const World& world = {});

  /// Forward and backward over the slices of the next step, clipping, update, EMA. Advances `step` whether
  /// skipped or not. Loss and gradients are of all ranks, so that all decide alike, also on whether to stop,
  /// as `stopping` says after the backward.
  StepResult train_step(const StepWork& work, const std::function<bool()>& stopping = {});

  /// Makes the EMAs copies of the current weights again (after weights were loaded into a fresh run).
  void restart_ema();
  /// Puts the largest average into the module for a scope; the weights themselves if none is kept.
  SwappedWeights with_largest_average() const;

  TrainOptions options;
  OptimizerOptions optimizer_options;
  c10::Device device;
  std::shared_ptr<torch::nn::Module> module;
  World world;
  SliceSequence slices;  ///< this process's part of each step
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<Ema> ema;
  int64_t step = 0;     ///< optimiser steps done, skipped ones included
  int64_t skipped = 0;  ///< steps skipped so far
  int64_t skipped_in_a_row = 0;
  /// What checkpoints say of themselves: the configuration as YAML, and Task::data_identity.
  std::string config_yaml, data_identity;
  std::map<std::string, std::string> weights_metadata;  ///< Task::weights_metadata

  std::string unit = "images";  ///< what examples are counted in, and how many of those one is
  int64_t units_per_example = 1;

  /// Of examples seen so far, by all processes.
  int64_t units() const { return step * options.batch_size * units_per_example; }

 private:
  /// The loss of this process's slices of the step, whose gradients are then there.
  double accumulate_gradients(const StepWork& work);

  std::optional<RecordedStep> recorded_;  ///< where the steps of this run can be
};

}  // namespace uvic
