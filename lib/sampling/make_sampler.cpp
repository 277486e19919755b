#include "sampling/make_sampler.h"

#include "core/errors.h"
#include "nn/uvit.h"

namespace uvic {

Sampler make_sampler(const LoadedModel& loaded, c10::Device device) {
  const Recipe& recipe = loaded.recipe();
  Generator generator = generator_of(*loaded.model, recipe.sample.precision, device);
  if (loaded.guide) generator.guide = inference_network(*loaded.guide, recipe.sample.precision, device);
  return {std::move(generator), recipe.diffusion, recipe.sample, device};
}

void check_makes_pictures(const ModelOptions& model, const std::string& what) {
  check_usage(model.makes_pictures(), what, ": what this model makes are latents of ", model.in_chans,
              " channels (model.in_chans), not pictures; uvic-sample --raw F.npy writes them as they are");
}

}  // namespace uvic
