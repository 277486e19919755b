#pragma once
#include "recipe/load_model.h"
#include "sampling/sampler.h"

namespace uvic {

/// A sampler of a loaded network, as its own recipe says, guided by its guide if there is one. `loaded` must
/// outlive it.
Sampler make_sampler(const LoadedModel& loaded, c10::Device device = c10::kCPU);

/// Latents are not pictures: UsageError, `what` (an option) first, if what the model makes cannot be looked
/// at.
void check_makes_pictures(const ModelOptions& model, const std::string& what);

}  // namespace uvic
