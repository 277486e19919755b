#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "data/loader.h"
#include "diffusion/network.h"
#include "diffusion/schedule.h"
#include "train/config.h"

namespace uvic {

/// What one optimiser step trains on, B = train.batch_size.
struct StepInputs {
  at::Tensor x0, noise;  ///< float32 [B, C, H, W]
  at::Tensor t;          ///< float32 [B] on the CPU, times of the schedule
  Condition condition;

  /// Images first .. first + count - 1.
  StepInputs part(int64_t first, int64_t count) const;
};

/// Draws time, noise and label dropout for a batch. Image `position` of step s draws from streams keyed by
/// (seed, s * B + position) alone, so neither ranks nor interruptions nor micro-batches change anything.
StepInputs make_inputs(const Batch& batch, const Config& config, const NoiseSchedule& schedule,
                       c10::Device device);

}  // namespace uvic
