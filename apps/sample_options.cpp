#include "sample_options.h"

#include <ATen/Parallel.h>

#include "core/errors.h"
#include "core/text.h"
#include "io/digests.h"
#include "nn/attention_kernels.h"
#include "nn/parameter_shapes.h"
#include "recipe/layout.h"
#include "sampling/class_policy.h"
#include "sampling/labels.h"

namespace uvic {

namespace {

// What is read beside the weights, by the keys that name it.
std::map<std::string, std::string> input_digests(const LoadedModel& loaded, const Stages& stages) {
  std::map<std::string, std::string> digests = stages.digests();
  const SampleOptions& sample = loaded.recipe().sample;
  if (sample.has_guide())
    digests["sample.guide_checkpoint"] =
        file_digests(find_weights_file(sample.guide_checkpoint, sample.guide_weights, kGuideOption)).sha256;
  return digests;
}

}  // namespace

void SampleCommand::add_to(CLI::App& app, bool anew) {
  auto* weights_option = app.add_option(
      "--checkpoint", checkpoint,
      "weights: a safetensors or .pth file, a run directory or a checkpoint directory; a file without "
      "a configuration inside needs --config");
  weights_option->group("Weights");
  if (!anew) weights_option->required();
  app.add_option(
         "--weights", weights,
         "in a directory: ema (the largest decay), ema-DECAY, power-WIDTH or raw; in a file of several: "
         "ema, raw, or the key that they are under")
      ->capture_default_str()
      ->group("Weights");
  add_ema_width(app, weights);
  app.add_option(
         "--labels", labels,
         "classes: balanced (seed mod K), random, a class by number or name, none (the null label), or a "
         "JSON list of counts")
      ->capture_default_str()
      ->group("Which images");
  app.add_flag("--dry-run", dry_run, "say what would be done, check the paths, and exit");
  prompts.add_to(app, config);
  config.add_to(app, fields_of(RecipeFile{}.recipe), "sample");
  common.add_to(app);
}

LoadedModel SampleCommand::find() const {
  check_usage(!checkpoint.empty(), "--checkpoint is required (--help lists what there is)");
  LoadedModel loaded = find_model(checkpoint, weights, config.overlay());
  require_configuration(loaded);
  return loaded;
}

void SampleCommand::fit_batch(LoadedModel& loaded, size_t images) const {
  auto& batch_size = loaded.config.recipe.sample.batch_size;
  if (!config.given("sample.batch_size"))
    batch_size = std::min(batch_size, std::max<int64_t>(int64_t(images), 1));
}

LoadedModel SampleCommand::find(size_t images) const {
  LoadedModel loaded = find();
  fit_batch(loaded, images);
  return loaded;
}

std::string SampleCommand::policy(const LoadedModel& loaded) const {
  return labels_policy(labels, loaded.recipe().model, loaded.classes);
}

RecordInputs SampleCommand::record(const LoadedModel& loaded, const Stages& stages,
                                   const std::string& seeds_text, const std::string& labels_text,
                                   const Prompts& asked, c10::Device device) const {
  const SamplingPlan plan = plan_sampling(loaded.recipe().sample, loaded.recipe().diffusion);
  const FileDigests digests = file_digests(loaded.file);
  return {.checkpoint = checkpoint,
          .weights = weights,
          .weights_file = loaded.file,
          .weights_crc = digests.crc32,
          .weights_sha256 = digests.sha256,
          .inputs = input_digests(loaded, stages),
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

std::string describe_sampling(const LoadedModel& loaded, size_t images, c10::Device device,
                              std::optional<int64_t> evaluations) {
  const auto& model = loaded.recipe().model;
  const auto& sample = loaded.recipe().sample;
  const SamplingPlan plan = plan_sampling(sample, loaded.recipe().diffusion);
  const double guidance = sample.cfg == 1.0 ? 1 : 2;
  const int64_t count = evaluations.value_or(plan.evaluations);
  const double flops = forward_flops(model) * double(count) * guidance;
  return c10::str(loaded.file.string(), ": ", format_count(double(count_parameters(model))), " parameters; ",
                  count_of(images, "image"), ", ", sample.solver, ", ",
                  count_of(uint64_t(count), "evaluation"), " an image",
                  guidance == 2 ? " (each of two passes, for guidance)" : "", ", ", format_count(flops),
                  "FLOP an image\n",
                  describe_attention(model, device, without_int8(sample.precision), Purpose::kEvaluation));
}

SamplingProgress::SamplingProgress(size_t images, const SamplingPlan& plan)
    : steps_(plan.callbacks),
      batch_size_(plan.options.batch_size),
      bar_("sampling", "steps", (int64_t(images) + batch_size_ - 1) / batch_size_ * steps_) {}

void SamplingProgress::update(size_t first, int64_t step) {
  bar_.update(int64_t(first) / batch_size_ * steps_ + step);
}

}  // namespace uvic
