#include "sample_options.h"

#include <ATen/Parallel.h>

#include "core/errors.h"
#include "core/text.h"
#include "nn/attention.h"
#include "nn/parameter_shapes.h"
#include "sampling/class_policy.h"
#include "sampling/labels.h"

namespace uvic {

void SampleCommand::add_to(CLI::App& app) {
  app.add_option(
         "--checkpoint", checkpoint,
         "weights: a safetensors or .pth file, a run directory or a checkpoint directory; a file without "
         "a configuration inside needs --config")
      ->required();
  app.add_option(
         "--weights", weights,
         "in a directory: ema (the largest decay), ema-DECAY, power-WIDTH or raw; in a file of several: "
         "ema, raw, or the key that they are under")
      ->capture_default_str();
  add_ema_width(app, weights);
  app.add_option(
         "--labels", labels,
         "classes: balanced (seed mod K), random, a class by number or name, none (the null label), or a "
         "JSON list of counts")
      ->capture_default_str();
  app.add_flag("--dry-run", dry_run, "say what would be done, check the paths, and exit");
  prompts.add_to(app, config);
  config.add_to(app, fields_of(RecipeFile{}.recipe), "sample");
  common.add_to(app);
}

LoadedModel SampleCommand::find(size_t images) const {
  LoadedModel loaded = find_model(checkpoint, weights, config.overlay());
  require_configuration(loaded);
  auto& batch_size = loaded.config.recipe.sample.batch_size;
  if (!config.given("sample.batch_size"))
    batch_size = std::min(batch_size, std::max<int64_t>(int64_t(images), 1));
  return loaded;
}

std::string SampleCommand::policy(const LoadedModel& loaded) const {
  return labels_policy(labels, loaded.recipe().model, loaded.classes);
}

RecordInputs SampleCommand::record(const LoadedModel& loaded, uint32_t weights_crc,
                                   const std::string& seeds_text, const std::string& labels_text,
                                   const Prompts& asked, c10::Device device) const {
  const SamplingPlan plan = plan_sampling(loaded.recipe().sample, loaded.recipe().diffusion);
  return {.checkpoint = checkpoint,
          .weights = weights,
          .weights_crc = weights_crc,
          .seeds = seeds_text,
          .prompts = asked,
          .labels = labels_text,
          .layout = "",
          .sample = plan.options,
          .evaluations = plan.evaluations,
          .overrides = loaded.overrides,
          .threads = at::get_num_threads(),
          .device = device.str()};
}

std::string describe_sampling(const LoadedModel& loaded, size_t images, c10::Device device) {
  const auto& model = loaded.recipe().model;
  const auto& sample = loaded.recipe().sample;
  const SamplingPlan plan = plan_sampling(sample, loaded.recipe().diffusion);
  const double guidance = sample.cfg == 1.0 ? 1 : 2;
  const double flops = forward_flops(model) * double(plan.evaluations) * guidance;
  return c10::str(loaded.file.string(), ": ", format_count(double(count_parameters(model))), " parameters; ",
                  count_of(images, "image"), ", ", sample.solver, ", ",
                  count_of(uint64_t(plan.evaluations), "evaluation"), " an image",
                  guidance == 2 ? " (each of two passes, for guidance)" : "", ", ", format_count(flops),
                  "FLOP an image\n", describe_attention(model, device, sample.precision));
}

SamplingProgress::SamplingProgress(size_t images, const SamplingPlan& plan)
    : steps_(plan.callbacks),
      batch_size_(plan.options.batch_size),
      bar_("sampling", "steps", (int64_t(images) + batch_size_ - 1) / batch_size_ * steps_) {}

void SamplingProgress::update(size_t first, int64_t step) {
  bar_.update(int64_t(first) / batch_size_ * steps_ + step);
}

}  // namespace uvic
