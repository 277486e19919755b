#pragma once
#include "sampling/sampler.h"
#include "train/train_state.h"

namespace uvic {

/// Samples seeds 0 .. images - 1, classes in turn, from the largest EMA (the weights themselves if none is
/// kept). False if a signal arrived meanwhile: then some images are missing.
bool sample_average(const TrainState& state, const SampleOptions& options, int64_t images,
                    const Sampler::OnImages& on_images, const Sampler::OnStep& on_step);

}  // namespace uvic
