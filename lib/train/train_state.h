// Everything that a training run carries from step to step, and the step itself.
#pragma once
#include <c10/core/Device.h>

#include <memory>

#include "diffusion/loss.h"
#include "nn/uvit.h"
#include "train/config.h"
#include "train/ema.h"
#include "train/inputs.h"
#include "train/optimizer.h"

namespace uvic {

struct StepResult {
  double loss = 0;       ///< mean over the batch
  double lr = 0;         ///< the rate used
  double grad_norm = 0;  ///< before clipping
  bool skipped = false;  ///< loss or gradient was not finite: nothing was updated
  at::Tensor losses;     ///< of each image, float32 [B] on the CPU
};

class TrainState {
 public:
  /// A fresh run: weights drawn from train.seed.
  TrainState(const Config& config, c10::Device device);

  /// Forward and backward over the micro-batches, clipping, update, EMA. Advances `step` whether skipped or
  /// not.
  StepResult train_step(const StepInputs& inputs);

  /// The loss of each image of a micro-batch at the current weights, [B].
  at::Tensor losses(const StepInputs& inputs) const;

  /// Makes the EMAs copies of the current weights again (after weights were loaded into a fresh run).
  void restart_ema();

  Config config;
  c10::Device device;
  std::shared_ptr<UViT> model;
  std::unique_ptr<AdamW> optimizer;
  std::unique_ptr<Ema> ema;
  int64_t step = 0;     ///< optimiser steps done, skipped ones included
  int64_t skipped = 0;  ///< steps skipped so far
  int64_t skipped_in_a_row = 0;
  const NoiseSchedule& schedule() const { return loss_.schedule(); }
  int64_t images() const { return step * config.train.batch_size; }

 private:
  void accumulate_gradients(const StepInputs& inputs, StepResult& result);
  DiffusionLoss loss_;
};

}  // namespace uvic
