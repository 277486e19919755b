#include "inspect/frechet.h"

#include <ATen/ATen.h>

#include <stdexcept>

#include "io/grid.h"
#include "metrics/frechet.h"
#include "sampling/finite.h"

namespace uvic {

double frechet_without(const TokensOfBlocks& tokens, const LoadedModel& loaded, c10::Device device,
                       const SamplerParts& parts, const SampleRequest& request, FeatureExtractor& extractor,
                       const FeatureSet& reference, const Sampler::OnStep& on_step) {
  const Recipe& recipe = loaded.recipe();
  Generator generator = generator_of(*loaded.model, recipe.sample.precision, device);
  if (!tokens.empty()) generator.network = without_tokens(generator.network, tokens);
  const Sampler sampler(with_parts(std::move(generator), parts), recipe.diffusion, recipe.sample, device);
  FeatureCollector collector(extractor, {});
  FiniteCheck finite(request.seeds);
  sampler.run(
      request,
      [&](size_t, const at::Tensor& images) {
        finite.add(images);
        if (finite.any_bad())
          throw std::runtime_error(finite.text(recipe.sample.precision, "sample.precision"));
        collector.add_pictures(to_uint8(images));
      },
      on_step);
  return frechet_distance(collector.finish("the samples").pooled, reference.pooled).distance;
}

}  // namespace uvic
