#include "recipe/load_model.h"

#include <algorithm>

#include "core/errors.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "recipe/fit_weights.h"
#include "recipe/layout.h"
#include "recipe/snapshots.h"

namespace uvic {
namespace {

std::vector<std::string> overrides_of(const Recipe& own, const Recipe& effective, bool bare) {
  const auto differing = differing_keys(own, effective);
  std::vector<std::string> overrides;
  for (const FieldView& field : fields_of(effective)) {
    const bool differs = std::find(differing.begin(), differing.end(), field.key) != differing.end();
    if (field.key.starts_with("sample.") || field.is(kTrainingOnly)) continue;
    if (differs || (bare && field.key.starts_with("model.")))
      overrides.push_back(field.key + "=" + value_text(field));
  }
  return overrides;
}

std::shared_ptr<UViT> build(const LoadedModel& loaded, c10::Device device) {
  auto model = std::make_shared<UViT>(loaded.recipe().model);
  load_weights_at_any_size(*model, read_weights(loaded), loaded.file.string());
  model->to(device);
  model->eval();
  return model;
}

// A guide sees the same images, times and labels, and predicts the same quantity; it may be smaller.
void check_guide(const Recipe& model, const Recipe& guide, const std::string& source) {
  for (const auto& [ours, theirs] : differing_fields(model, guide)) {
    check_usage(!ours.is(kInterface), "sample.guide_checkpoint ", source, ": ", ours.key, " is ",
                value_text(theirs), ", but that of the network it is to guide is ", value_text(ours));
  }
}

}  // namespace

LoadedModel find_model(const std::filesystem::path& checkpoint, const std::string& weights,
                       const Overlay& overlay, const std::string& option) {
  LoadedModel loaded;
  if (const auto width = parse_ema_width(weights)) {
    loaded.ema_width = *width;
    loaded.run = checkpoint;
    loaded.file = require_snapshots(checkpoint).back().file;
  } else {
    loaded.file = find_weights_file(checkpoint, weights, option);
  }
  const auto own = own_recipe(load_tensor_file_metadata(loaded.file), loaded.file.string());
  loaded.configured = own.has_value() || overlay.describes_model;
  loaded.config = own.value_or(RecipeFile());
  overlay.apply(loaded.config);
  Recipe& effective = loaded.config.recipe;
  effective.resolve();
  effective.validate();
  loaded.overrides = overrides_of(own ? own->recipe : Recipe(), effective, /*bare=*/!own);
  return loaded;
}

void require_configuration(const LoadedModel& loaded) {
  check_usage(loaded.configured, loaded.file.string(),
              ": has no configuration inside; describe its model with --config F (or --set model.key=value)");
}

TensorFile read_weights(const LoadedModel& loaded) {
  if (loaded.ema_width == 0) return load_tensor_file(loaded.file);
  return reconstruct_ema(loaded.run, loaded.ema_width);
}

void load_weights_of(LoadedModel& loaded, c10::Device device) {
  loaded.model = build(loaded, device);
  const SampleOptions& sample = loaded.recipe().sample;
  if (!sample.has_guide()) return;
  const LoadedModel guide =
      find_model(sample.guide_checkpoint, sample.guide_weights, {}, "sample.guide_checkpoint");
  check_usage(guide.configured, "sample.guide_checkpoint ", guide.file.string(),
              ": has no configuration inside; uvic-convert --config F puts one in");
  check_guide(loaded.recipe(), guide.recipe(), guide.file.string());
  loaded.guide = build(guide, device);
}

LoadedModel load_model(const std::filesystem::path& checkpoint, const std::string& weights,
                       c10::Device device) {
  LoadedModel loaded = find_model(checkpoint, weights);
  require_configuration(loaded);
  load_weights_of(loaded, device);
  return loaded;
}

}  // namespace uvic
