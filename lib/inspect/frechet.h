#pragma once
#include "inspect/suppress.h"
#include "metrics/extract.h"
#include "recipe/load_model.h"
#include "sampling/make_sampler.h"

namespace uvic {

/// The Frechet distance of a network's samples, made as its recipe says but without `tokens` (empty: whole),
/// from `reference`. `request` holds two seeds or more. std::runtime_error if an image is not finite.
double frechet_without(const TokensOfBlocks& tokens, const LoadedModel& loaded, c10::Device device,
                       const SamplerParts& parts, const SampleRequest& request, FeatureExtractor& extractor,
                       const FeatureSet& reference, const Sampler::OnStep& on_step);

}  // namespace uvic
