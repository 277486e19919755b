#pragma once
#include "sampling/sampler.h"
#include "tasks/diffusion/config.h"

namespace uvic {

class UViT;

/// 0 .. images - 1.
std::vector<int64_t> seeds_in_turn(int64_t images);

/// Samples these, classes in turn, from a network that is being trained. False if `stopping`
/// said so meanwhile: then some images are missing.
bool sample_in_turn(UViT& model, const DiffusionOptions& diffusion, const SampleOptions& options,
                    c10::Device device, int64_t images, const Sampler::OnImages& on_images,
                    const Sampler::OnStep& on_step, const std::function<bool()>& stopping);

}  // namespace uvic
