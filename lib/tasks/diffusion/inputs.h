#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "data/loader.h"
#include "diffusion/network.h"
#include "diffusion/schedule.h"
#include "tasks/diffusion/config.h"

namespace uvic {

/// What a slice of a training step is computed from, B its images.
struct StepInputs {
  at::Tensor x0, noise;  ///< float32 [B, C, H, W]
  at::Tensor t;          ///< float32 [B] on the CPU, times of the schedule
  Condition condition;

  /// Images first .. first + count - 1.
  StepInputs part(int64_t first, int64_t count) const;
};

/// Draws time, noise and the dropping of labels and captions for a slice whose images are as the network sees
/// them; `null_context`: the row of context, like one of batch.context, that stands for no caption. Each
/// image draws from streams keyed by (seed, its position in the training stream) alone, so neither ranks nor
/// interruptions nor micro-batches change anything.
StepInputs make_inputs(const Batch& batch, const DiffusionConfig& config, const NoiseSchedule& schedule,
                       c10::Device device, const at::Tensor& null_context = {});

}  // namespace uvic
