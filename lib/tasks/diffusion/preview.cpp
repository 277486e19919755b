#include "tasks/diffusion/preview.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/log.h"
#include "core/seeds.h"
#include "io/grid.h"
#include "io/png.h"
#include "nn/uvit.h"
#include "recipe/layout.h"
#include "recipe/weights_digest.h"
#include "sampling/captioned_grid.h"
#include "sampling/finite.h"
#include "sampling/record.h"
#include "train/preview_file.h"

namespace uvic {

namespace {

// What makes such a grid with uvic-sample, as soon as the checkpoint of the step is there. Empty where
// prompts cannot say what the network was given: states of captions out of a pack.
std::string record_of(const UViT& model, const DiffusionConfig& config, const TrainingSamples& samples,
                      int64_t step, const std::filesystem::path& run_directory) {
  if (model.options().has_context() && !samples.stages().prompts) return "";
  const SamplingPlan plan = plan_sampling(config.preview_sample(), config.diffusion);
  return sample_record({.checkpoint = checkpoint_path(run_directory, step),
                        .weights = "ema",
                        .tensors_sha256 = weights_digest(model),
                        .inputs = samples.stages().digests(),
                        .seeds = seeds_text(seeds_in_turn(config.preview.images)),
                        .prompts = {samples.captions(config.preview.images)},
                        .labels = "balanced",
                        .layout = "",
                        .sample = plan.options,
                        .evaluations = plan.evaluations,
                        .overrides = {},
                        .threads = at::get_num_threads(),
                        .device = samples.device().str()});
}

}  // namespace

void write_preview(UViT& model, const DiffusionConfig& config, const TrainingSamples& samples, int64_t step,
                   const TaskContext& context) {
  const auto [C, H, W] = picture_shape(config, samples.stages());
  std::vector<at::Tensor> batches = {at::empty({0, C, H, W})};
  const bool whole = samples.run(
      model, config.preview_sample(), config.preview.images, context.world,
      [&](size_t, const at::Tensor& batch) { batches.push_back(batch.to(at::kCPU, at::kFloat)); },
      [&](size_t, int64_t solver_step, const at::Tensor&) {
        context.progress(c10::str("sampling a grid, ", solver_step, "/", config.preview.steps));
      },
      context.stopping);
  if (!context.world.all(whole)) return;
  const at::Tensor images = context.world.gather_shares(at::cat(batches), config.preview.images);
  if (!context.world.first()) return;
  FiniteCheck finite(seeds_in_turn(config.preview.images));
  finite.add(images);
  if (finite.any_bad())
    log_warning("preview of step ", step, ": ", finite.text(config.sample.precision, "sample.precision"),
                finite.all_bad() ? "; there is no grid" : "; black in the grid");
  if (finite.all_bad()) return;
  const auto [rows, cols] = square_grid(config.preview.images);
  const auto captions = samples.captions(config.preview.images);
  const at::Tensor all = to_pictures(images), grid = captions.empty()
                                                         ? make_grid(all, rows, cols)
                                                         : captioned_grid(all, captions, rows, cols);
  std::map<std::string, std::string> text;
  const std::string record = record_of(model, config, samples, step, context.run_directory);
  if (!record.empty() && !finite.any_bad()) text["parameters"] = record;
  const auto file = context.run_directory / "samples" / (checkpoint_name(step) + ".png");
  write_preview_file(file, step, [&] { save_png(file, grid, text); });
  context.log->write_image(step, "samples", grid);
}

}  // namespace uvic
