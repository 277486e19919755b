// From what a data set holds to what a network sees: pictures as latents, captions as its context.
#pragma once
#include <optional>
#include <vector>

#include "data/dataset.h"
#include "encoders/stages.h"
#include "sampling/make_sampler.h"
#include "tasks/diffusion/inputs.h"

namespace uvic {

class ExampleMaker {
 public:
  /// For the images of a run, held out or not. UsageError where `stages` are not what a pack was made with,
  /// and where there are no captions, or none that the model can take.
  ExampleMaker(const DiffusionConfig& config, const Dataset& dataset, Stages stages, c10::Device device);

  /// See make_inputs; of pictures that are encoded here a latent is drawn from (seed, RandomStream::kLatent,
  /// g).
  StepInputs inputs(Batch batch, const NoiseSchedule& schedule) const;
  /// Images `indexes` of `dataset` and their first captions, nothing drawn: pictures, or the means of
  /// latents.
  at::Tensor images(const Dataset& dataset, const std::vector<int64_t>& indexes) const;
  /// Undefined for a model without context; `rows`: what the loader gives, and sampling takes.
  at::Tensor context_rows(const Dataset& dataset, const std::vector<int64_t>& indexes) const;
  at::Tensor context(const Dataset& dataset, const std::vector<int64_t>& indexes) const;

  c10::Device device() const { return device_; }
  /// What the loader is to do with captions.
  CaptionUse caption_use() const;
  /// See sampler_parts; the null states of a pack, if that has them.
  SamplerParts sampler_parts() const;
  /// See kTextEncoderKey; empty for a model without text.
  const std::string& text_identity() const { return text_identity_; }
  /// Which latents the network sees; nullopt: pixels.
  const std::optional<LatentSpace>& space() const { return space_; }
  const Stages& stages() const { return stages_; }
  /// "captions: 1.9 an image", "latents: ..."; a line each, empty if there are none.
  std::string describe() const;

 private:
  bool encodes_here() const { return stages_.codec && !kept_as_latents_; }
  at::Tensor encoded(const Batch& batch) const;

  DiffusionConfig config_;
  Stages stages_;
  c10::Device device_;
  bool kept_as_latents_;
  std::optional<LatentSpace> space_;
  std::string text_identity_;
  at::Tensor null_row_;  // of what batches hold: token ids, or states
};

/// What sampling needs of them; `negative`: what guidance goes away from.
SamplerParts sampler_parts(const Stages& stages, const std::string& negative = "");

/// {C, H, W} of pictures: those that are encoded for the network, and those that its output is decoded to.
ImageShape picture_shape(const Recipe& recipe, const Stages& stages);

}  // namespace uvic
