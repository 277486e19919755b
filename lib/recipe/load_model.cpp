#include "recipe/load_model.h"

#include <algorithm>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "nn/model_of_shapes.h"
#include "nn/uvit.h"
#include "recipe/fit_weights.h"
#include "recipe/layout.h"
#include "recipe/snapshots.h"
#include "recipe/weights_digest.h"
#include "recipe/weights_file.h"

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
  auto model = build_model(loaded.recipe().model, read_weights(loaded), loaded.file.string());
  model->to(device);
  model->eval();
  return model;
}

// "patch_size=4, in_chans=3": what only the shapes tell, not what the user says.
std::string told_text(const ModelOfShapes& shapes, const ModelOptions& said, const ModelOptions& effective) {
  const auto overruled = differing_keys(shapes.model, effective);
  std::vector<std::string> parts;
  for (const auto& [told, unused] : differing_fields(shapes.model, said)) {
    const bool holds = std::find(overruled.begin(), overruled.end(), told.key) == overruled.end();
    if (holds && shapes.told.contains(told.key)) parts.push_back(told.key + "=" + value_text(told));
  }
  return join(parts, ", ");
}

// The recipe of weights without one: the model that the shapes tell, then what was laid over it.
RecipeFile recipe_of_shapes(LoadedModel& loaded, const WeightsFile& file, const Overlay& overlay) {
  RecipeFile plain, recipe;
  overlay.apply(plain);
  const ModelOfShapes shapes = model_of_shapes(file.shapes(), plain.recipe.model);
  recipe.recipe.model = shapes.model;
  overlay.apply(recipe);
  for (const FieldView& field : fields_of(std::as_const(recipe.recipe.model))) {
    const std::string problem = problem_with(field);
    check_usage(problem.empty(), file.name(), ": by its shapes model.", field.key, ": ", problem);
  }
  refuse_contradictions(recipe.recipe.model, shapes, file.name());
  if (const std::string read = told_text(shapes, plain.recipe.model, recipe.recipe.model); !read.empty())
    log_info(file.name(), ": read off the shapes of the weights: model.", read);
  std::vector<std::string> missing;
  for (const auto& [key, values] :
       {std::pair{"model.num_heads", "N"}, {"model.attention", "cog or softmax"}}) {
    if (!overlay.sets(key)) missing.push_back(c10::str("--set ", key, "=", values));
  }
  if (!shapes.told.contains("img_size") && !overlay.sets("model.img_size"))
    missing.emplace_back("--set model.img_size=[H,W]");
  loaded.configured = overlay.describes_model || missing.empty();
  loaded.undescribed = join(missing, " ");
  return recipe;
}

// A guide sees the same images, times and labels, and predicts the same quantity; it may be smaller.
void check_guide(const Recipe& model, const Recipe& guide, const std::string& source) {
  for (const auto& [ours, theirs] : differing_fields(model, guide)) {
    check_usage(!ours.is(kInterface), kGuideOption, " ", source, ": ", ours.key, " is ", value_text(theirs),
                ", but that of the network it is to guide is ", value_text(ours));
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
  if (!std::filesystem::is_directory(checkpoint)) loaded.network = weights;
  const WeightsFile file(loaded.file, loaded.network, option);
  if (const std::string note = file.note(); !note.empty()) log_info(note);
  loaded.metadata = file.metadata();
  loaded.classes = class_names_of(file.metadata(), loaded.file.string());
  const auto own = own_recipe(file.metadata(), loaded.file.string());
  loaded.configured = own.has_value();
  loaded.config = own ? *own : recipe_of_shapes(loaded, file, overlay);
  if (own) overlay.apply(loaded.config);
  Recipe& effective = loaded.config.recipe;
  refuse_contradictions(effective.model, model_of_shapes(file.shapes(), effective.model), file.name());
  effective.resolve();
  if (loaded.configured) effective.validate();
  loaded.overrides = overrides_of(own ? own->recipe : Recipe(), effective, /*bare=*/!own);
  return loaded;
}

void require_configuration(const LoadedModel& loaded) {
  check_usage(loaded.configured, loaded.file.string(),
              ": has no configuration inside; describe its model with --config F, or with ",
              loaded.undescribed, "; diffusion.* is the default unless set");
}

TensorFile read_weights(const LoadedModel& loaded) {
  if (loaded.ema_width == 0) return WeightsFile(loaded.file, loaded.network).read();
  return reconstruct_ema(loaded.run, loaded.ema_width);
}

std::string weights_digest(const LoadedModel& loaded) {
  return weights_digest(*loaded.model);
}

void load_weights_of(LoadedModel& loaded, c10::Device device) {
  loaded.model = build(loaded, device);
  const SampleOptions& sample = loaded.recipe().sample;
  if (!sample.has_guide()) return;
  const LoadedModel guide = find_model(sample.guide_checkpoint, sample.guide_weights, {}, kGuideOption);
  check_usage(guide.configured, kGuideOption, " ", guide.file.string(),
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
