#include "sampling/make_sampler.h"

#include "core/errors.h"
#include "nn/uvit.h"

namespace uvic {

Generator with_parts(Generator generator, SamplerParts parts) {
  generator.null.context = std::move(parts.null_context);
  generator.decode = std::move(parts.decode);
  if (parts.encode_context && generator.encode_context) {
    generator.encode_context = [first = std::move(parts.encode_context),
                                then = std::move(generator.encode_context)](const at::Tensor& rows) {
      return then(first(rows));
    };
  } else if (parts.encode_context) {
    generator.encode_context = std::move(parts.encode_context);
  }
  return generator;
}

Sampler make_sampler(const LoadedModel& loaded, c10::Device device, SamplerParts parts) {
  const Recipe& recipe = loaded.recipe();
  Generator generator = generator_of(*loaded.model, recipe.sample.precision, device);
  if (loaded.guide) generator.guide = inference_network(*loaded.guide, recipe.sample.precision, device);
  return {with_parts(std::move(generator), std::move(parts)), recipe.diffusion, recipe.sample, device};
}

void check_makes_pictures(const Recipe& recipe, const std::string& what) {
  check_usage(recipe.makes_pictures(), what, ": what this model makes are latents of ", recipe.model.in_chans,
              " channels (model.in_chans), not pictures; --vae V decodes them, uvic-sample --raw F.npy "
              "writes them as they are");
}

}  // namespace uvic
