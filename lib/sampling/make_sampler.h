#pragma once
#include "recipe/load_model.h"
#include "sampling/sampler.h"

namespace uvic {

/// What a network does not bring along.
struct SamplerParts {
  /// Of the empty caption, or of what guidance is to go away from, one row as SampleRequest's; for a model
  /// with context tokens.
  at::Tensor null_context = {};
  /// What makes a context of such rows; none: they are one.
  std::function<at::Tensor(const at::Tensor& rows)> encode_context = {};
  Decode decode = {};  ///< see Generator
};

Generator with_parts(Generator generator, SamplerParts parts);

/// A sampler of a loaded network, as its own recipe says, guided by its guide if there is one. `loaded` must
/// outlive it.
Sampler make_sampler(const LoadedModel& loaded, c10::Device device = c10::kCPU, SamplerParts parts = {});

/// Latents are not pictures: UsageError, `what` (an option) first, if what the model makes cannot be looked
/// at.
void check_makes_pictures(const Recipe& recipe, const std::string& what);

}  // namespace uvic
