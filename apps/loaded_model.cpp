#include "loaded_model.h"

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "sampling/snapshots.h"
#include "sampling/weights_file.h"
#include "train/weights.h"

namespace uvic {

void add_ema_width(CLI::App& app, std::string& weights) {
  app.add_option_function<std::string>(
         "--ema-width", [&weights](const std::string& width) { weights = "width-" + width; },
         "of a run with snapshots: the power-function average of this width, reconstructed (EDM2's "
         "sigma_rel, "
         "such as 0.12)")
      ->excludes("--weights");
}

LoadedModel find_model(const std::string& checkpoint, const std::string& weights,
                       const ConfigOptions& options) {
  LoadedModel loaded;
  if (const auto width = parse_ema_width(weights)) {
    loaded.ema_width = *width;
    loaded.run = checkpoint;
    loaded.file = require_snapshots(checkpoint).back().file;
  } else {
    loaded.file = find_weights_file(checkpoint, weights);
  }
  const std::string source = loaded.file.string();
  const auto metadata = load_tensor_file_metadata(loaded.file);
  const auto own_yaml = metadata.find("uvic.config");
  const bool bare = own_yaml == metadata.end();
  loaded.configured = !bare || options.gives_model();
  loaded.config = options.resolve(bare ? "" : own_yaml->second, source);

  Config own = own_config(metadata, source).value_or(Config());
  const auto differing = differing_keys(own, loaded.config);
  for (const Field& field : fields_of(loaded.config)) {
    const bool differs = std::find(differing.begin(), differing.end(), field.key) != differing.end();
    if (field.key.starts_with("sample.")) continue;
    if (differs || (bare && field.key.starts_with("model.")))
      loaded.overrides.push_back(field.key + "=" + value_text(field));
  }
  return loaded;
}

TensorFile read_weights(const LoadedModel& loaded) {
  if (loaded.ema_width == 0) return load_tensor_file(loaded.file);
  SafeTensors average = reconstruct_ema(loaded.run, loaded.ema_width);
  return {std::move(average.tensors), std::move(average.metadata)};
}

namespace {

std::shared_ptr<UViT> build(const LoadedModel& loaded, c10::Device device) {
  auto model = std::make_shared<UViT>(loaded.config.model);
  load_weights_at_any_size(*model, read_weights(loaded), loaded.file.string());
  model->to(device);
  model->eval();
  return model;
}

// A guide sees the same images, times and labels, and predicts the same quantity; it may be smaller.
void check_guide(Config model, Config guide, const std::string& source) {
  static const std::set<std::string> kEqual = {"model.img_size", "model.in_chans", "model.num_classes"};
  static const std::set<std::string> kTraining = {"diffusion.loss", "diffusion.snr_gamma",
                                                  "diffusion.time_sampling"};
  const auto ours = fields_of(model), theirs = fields_of(guide);
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string& key = ours[i].key;
    const bool matters =
        kEqual.contains(key) || (key.starts_with("diffusion.") && !kTraining.contains(key) &&
                                 !key.starts_with("diffusion.p_") && !key.starts_with("diffusion.logit_"));
    check_usage(!matters || value_text(ours[i]) == value_text(theirs[i]), "sample.guide_checkpoint ", source,
                ": ", key, " is ", value_text(theirs[i]), ", but that of the network it is to guide is ",
                value_text(ours[i]));
  }
}

}  // namespace

void load_weights_of(LoadedModel& loaded, c10::Device device) {
  loaded.model = build(loaded, device);
  const SampleOptions& sample = loaded.config.sample;
  if (!sample.has_guide()) return;
  const LoadedModel guide = find_model(sample.guide_checkpoint, sample.guide_weights, {});
  check_usage(guide.configured, "sample.guide_checkpoint ", guide.file.string(),
              ": has no configuration inside; uvic-convert --config F puts one in");
  check_guide(loaded.config, guide.config, guide.file.string());
  loaded.guide = build(guide, device);
}

Sampler make_sampler(const LoadedModel& loaded, c10::Device device) {
  const Config& config = loaded.config;
  Network guide;
  if (loaded.guide) guide = inference_network(*loaded.guide, config.sample.precision, device);
  return {*loaded.model, config.diffusion, config.sample, device, std::move(guide)};
}

}  // namespace uvic
