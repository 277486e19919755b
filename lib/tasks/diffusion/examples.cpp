#include "tasks/diffusion/examples.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "core/random.h"
#include "core/text.h"
#include "data/caption_ids.h"

namespace uvic {
namespace {

// What latents that are kept were made with, and that it is what decodes them.
std::optional<LatentSpace> latent_space(const Dataset& dataset, const DiffusionConfig& config,
                                        const Stages& stages) {
  std::optional<LatentSpace> kept = dataset.latents();
  if (!kept) return stages.codec ? std::optional(stages.codec->space()) : std::nullopt;
  if (stages.codec) {
    const auto clauses = differences(stages.codec->space(), *kept);
    check_usage(clauses.empty(), "latents.vae: ", config.latents.vae, " is not what made the latents of ",
                config.data.path, ": ", join(clauses, "; "));
  } else if (const double factor = config.latents.scaling_factor; factor != 0) {
    check_usage(factor == kept->scaling_factor, "latents.scaling_factor: ", factor, ", but the latents of ",
                config.data.path, " are kept for ", kept->scaling_factor);
  }
  return kept;
}

const Captions& captions_of(const Dataset& dataset, const DiffusionConfig& config) {
  const Captions* captions = dataset.captions();
  check_usage(captions != nullptr, "model.num_clip_token: ", config.model.num_clip_token,
              " context tokens, but the images have no captions: ", dataset.describe(),
              ". See data.captions; 0 trains without text");
  return *captions;
}

// The row of the empty caption, like those of the batches.
at::Tensor null_row(const Captions& captions, const DiffusionConfig& config, const Stages& stages) {
  const auto& model = config.model;
  if (stages.prompts) {
    check_usage(stages.prompts->reads_any(), "text.encoder: ", config.text.encoder,
                " holds the states of given texts; training reads them from a pack, which uvic-data pack "
                "--text-encoder ",
                config.text.encoder, " --tokenizer ", config.text.tokenizer,
                " --states makes, with text.encoder=none");
    const std::string kept = captions.tokenizer();
    check_usage(kept.empty() || kept == stages.prompts->tokenizer().fingerprint(),
                "text.tokenizer: ", config.data.path, " holds tokens of another one than ",
                stages.prompts->tokenizer().describe());
    return stages.prompts->ids({""})[0];
  }
  const at::Tensor states = captions.states(0, 0);
  check_usage(states.defined(),
              "text.encoder: none, but the captions are text; learned trains an encoder with the "
              "network, CLIP's is a folder or a file");
  check_usage(states.sizes() == at::IntArrayRef({model.num_clip_token, model.clip_dim}),
              "model.num_clip_token x ", "model.clip_dim is ", model.num_clip_token, "x", model.clip_dim,
              ", but the states that ", config.data.path, " holds are ", states.size(0), "x", states.size(1));
  const at::Tensor null = captions.null_states();
  return null.defined() ? null : at::zeros_like(states);
}

}  // namespace

ExampleMaker::ExampleMaker(const DiffusionConfig& config, const Dataset& dataset, Stages stages,
                           c10::Device device)
    : config_(config),
      stages_(std::move(stages)),
      device_(device),
      kept_as_latents_(dataset.latents().has_value()),
      space_(latent_space(dataset, config, stages_)) {
  if (!config.model.has_context()) return;
  const Captions& captions = captions_of(dataset, config);
  null_row_ = null_row(captions, config, stages_);
  text_identity_ = stages_.prompts ? stages_.prompts->identity()
                                   : uvic::text_identity(captions.tokenizer(), captions.states_encoder());
}

// A sample of each picture's latent, keyed by its position in the training stream.
at::Tensor ExampleMaker::encoded(const Batch& batch) const {
  const auto [mean, std] = stages_.codec->moments(batch.images.to(device_));
  at::Tensor eps = at::empty(mean.sizes(), at::kFloat);
  const int64_t count = eps.numel() / eps.size(0);
  for (int64_t i = 0; i < eps.size(0); ++i) {
    CounterRandom(uint64_t(config_.train.seed), RandomStream::kLatent, uint64_t(batch.slice.position(i)))
        .fill_normal({eps.mutable_data_ptr<float>() + i * count, size_t(count)});
  }
  return mean + std * eps.to(device_);
}

StepInputs ExampleMaker::inputs(Batch batch, const NoiseSchedule& schedule) const {
  if (encodes_here()) batch.images = encoded(batch);
  if (space_) batch.images = space_->normalise(batch.images);
  StepInputs inputs = make_inputs(batch, config_, schedule, device_, null_row_);
  if (stages_.prompts) inputs.condition.context = stages_.prompts->context(inputs.condition.context);
  return inputs;
}

at::Tensor ExampleMaker::images(const Dataset& dataset, const std::vector<int64_t>& indexes) const {
  std::vector<at::Tensor> images;
  for (const int64_t index : indexes)
    images.push_back(kept_as_latents_ ? dataset.moments(index, /*mirrored=*/false)[0] : dataset.image(index));
  at::Tensor all = at::stack(images);
  if (!kept_as_latents_) all = all.to(at::kFloat) / 127.5 - 1;
  all = all.to(device_);
  if (encodes_here()) all = stages_.codec->moments(all).first;
  return space_ ? space_->normalise(all) : all;
}

at::Tensor ExampleMaker::context_rows(const Dataset& dataset, const std::vector<int64_t>& indexes) const {
  if (!config_.model.has_context()) return {};
  const Captions& captions = captions_of(dataset, config_);
  std::vector<at::Tensor> rows;
  for (const int64_t index : indexes) {
    rows.push_back(stages_.prompts ? caption_ids(captions, index, 0, stages_.prompts->tokenizer())
                                   : captions.states(index, 0));
  }
  return at::stack(rows);
}

at::Tensor ExampleMaker::context(const Dataset& dataset, const std::vector<int64_t>& indexes) const {
  const at::Tensor rows = context_rows(dataset, indexes);
  if (!rows.defined()) return rows;
  return stages_.prompts ? stages_.prompts->context(rows) : rows.to(device_);
}

CaptionUse ExampleMaker::caption_use() const {
  // The stages outlive every loader, and with them the tokenizer.
  return {.wanted = config_.model.has_context(),
          .tokenizer = stages_.prompts ? std::shared_ptr<const CaptionTokenizer>(
                                             stages_.prompts, &stages_.prompts->tokenizer())
                                       : nullptr};
}

SamplerParts ExampleMaker::sampler_parts() const {
  SamplerParts parts = uvic::sampler_parts(stages_);
  if (null_row_.defined() && !stages_.prompts) parts.null_context = null_row_.unsqueeze(0).to(device_);
  return parts;
}

std::string ExampleMaker::describe() const {
  std::string text = stages_.describe();
  if (config_.model.has_context() && !stages_.prompts) text = "text: states of an encoder, as they are kept";
  if (encodes_here()) text += "; pictures are encoded as they come, before every step";
  if (kept_as_latents_)
    text +=
        c10::str(text.empty() ? "" : "\n", "latents are kept, ", space_->channels, " channels, scaled by ",
                 space_->scaling_factor, "; a sample of each is drawn at every visit");
  return text;
}

SamplerParts sampler_parts(const Stages& stages, const std::string& negative) {
  SamplerParts parts;
  if (stages.prompts) {
    parts.null_context = stages.prompts->ids({negative});
    parts.encode_context = [prompts = stages.prompts](const at::Tensor& ids) {
      return prompts->context(ids);
    };
  }
  if (stages.codec)
    parts.decode = [codec = stages.codec](const at::Tensor& state) { return codec->decode(state); };
  return parts;
}

ImageShape picture_shape(const Recipe& recipe, const Stages& stages) {
  const ImageShape seen = recipe.model.image_shape();
  return stages.codec ? stages.codec->picture_shape(seen) : seen;
}

}  // namespace uvic
