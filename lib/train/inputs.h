#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "data/loader.h"
#include "train/config.h"

namespace uvic {

/// What one optimiser step trains on, B = train.batch_size.
struct StepInputs {
  at::Tensor x0, noise;  ///< float32 [B, C, H, W]
  at::Tensor t;          ///< float32 [B] on the CPU, uniform in [0, 1)
  at::Tensor labels;     ///< int64 [B], undefined for an unconditional model
  at::Tensor context;    ///< float32 [B, num_clip_token, clip_dim], undefined for a model without context tokens

  /// Images first .. first + count - 1.
  StepInputs part(int64_t first, int64_t count) const;
};

/// Draws time, noise and label dropout for a batch. Image `position` of step s draws from streams keyed by
/// (seed, s * B + position) alone, so neither ranks nor interruptions nor micro-batches change anything.
StepInputs make_inputs(const Batch& batch, const Config& config, c10::Device device);

}  // namespace uvic
