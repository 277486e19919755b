#include "sample_settings.h"

#include <cstdio>

#include "core/errors.h"
#include "core/seeds.h"
#include "core/text.h"
#include "io/grid.h"
#include "sampling/class_policy.h"
#include "sampling/labels.h"
#include "sampling/make_sampler.h"
#include "sampling/repaint.h"
#include "tasks/diffusion/examples.h"

namespace uvic {

Sampler Sampling::sampler() const {
  return make_sampler(loaded, device, sampler_parts(stages, prompts.negative));
}

Sampler Sampling::sampler(const SampleOptions& options) const {
  LoadedModel other = loaded;
  other.config.recipe.sample = options;
  return make_sampler(other, device, sampler_parts(stages, prompts.negative));
}

void SampleSettings::add_to(CLI::App& app) {
  command_.add_to(app, /*anew=*/true);
  auto* seeds =
      app.add_option("--seeds", command_.seeds,
                     "0-99 (inclusive) or 5,6,1007; default 0 to the grid's size - 1, one a prompt, or "
                     "0-15")
          ->group("Which images");
  app.add_option("--grid", grid_, "ROWSxCOLS, filled row by row; default the squarest")
      ->group("Which images");
  app.add_option("--class", class_label_,
                 "every image shows this class, a number or a name; none: the null label, no class")
      ->excludes("--labels")
      ->group("Which images");
  auto* by_class = app.add_flag("--class-per-row", class_per_row_, "row r shows class r")
                       ->excludes("--labels")
                       ->excludes("--class")
                       ->group("Which images");
  auto* by_prompt = app.add_flag("--prompt-per-row", prompt_per_row_, "row r shows prompt r")
                        ->excludes(by_class)
                        ->group("Text");
  app.add_option("--save-steps", save_steps_,
                 "also a grid of the state after every k-th solver step, beside --out")
      ->check(CLI::Range(int64_t{0}, int64_t{1000000}))
      ->group("Output");
  start_.add_to(app);
  interpolate_.add_to(app);
  app.get_option("--interpolate")->excludes(seeds)->excludes(by_class)->excludes(by_prompt);
  app.add_option(
         "--sweep", sweep_,
         "key=value,value,...: the same images at each value of a key of `sample` (cfg, steps, solver, ...), "
         "on one labelled sheet; given twice, the first goes along the columns, the second down the rows")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->excludes("--interpolate")
      ->excludes("--save-steps")
      ->group("Settings side by side");
}

// {rows, cols}; an error where they do not fit the number of images.
std::pair<int64_t, int64_t> SampleSettings::layout(size_t count) const {
  if (grid_.empty() && interpolate_.given()) return {1, int64_t(count)};
  if (grid_.empty()) return square_grid(int64_t(count));
  int64_t rows = 0, cols = 0;
  char rest = 0;
  check_usage(std::sscanf(grid_.c_str(), "%ldx%ld%c", &rows, &cols, &rest) == 2 && rows > 0 && cols > 0 &&
                  rows < 10000 && cols < 10000,
              "--grid '", grid_, "' must be ROWSxCOLS, such as 10x10");
  check_usage(count == 0 || rows * cols == int64_t(count), "--grid ", grid_, " has ", rows * cols,
              " places but there are ", count, interpolate_.given() ? " frames" : " seeds");
  return {rows, cols};
}

std::vector<int64_t> SampleSettings::chosen_seeds(const Prompts& prompts) const {
  if (interpolate_.given()) return std::vector<int64_t>(size_t(interpolate_.frames()));
  if (!command_.seeds.empty()) return parse_seeds(command_.seeds);
  if (grid_.empty() && !prompts.empty()) return parse_seeds(c10::str("0-", prompts.texts.size() - 1));
  if (grid_.empty() && !sweep_.empty()) return {0, 1, 2, 3};
  const auto [rows, cols] = grid_.empty() ? std::pair<int64_t, int64_t>{4, 4} : layout(0);
  return parse_seeds(c10::str("0-", rows * cols - 1));
}

std::vector<int64_t> SampleSettings::labels_per_row(const LoadedModel& loaded,
                                                    std::pair<int64_t, int64_t> shape) const {
  const int64_t K = loaded.recipe().model.real_classes();
  check_usage(K > 0, "--class-per-row: this model is unconditional, it has no classes");
  check_usage(shape.first == K, "--class-per-row: the grid has ", shape.first, " rows but the model has ", K,
              " classes");
  std::vector<int64_t> labels;
  for (int64_t place = 0; place < shape.first * shape.second; ++place) labels.push_back(place / shape.second);
  return labels;
}

// Of each image; empty for a model without text.
std::vector<std::string> SampleSettings::prompts_shown(const Prompts& prompts,
                                                       const std::vector<int64_t>& seeds,
                                                       std::pair<int64_t, int64_t> shape) const {
  if (prompts.empty() || !prompt_per_row_) return prompts.empty() ? prompts.texts : prompts.of(seeds);
  const auto count = int64_t(prompts.texts.size());
  check_usage(shape.first == count, "--prompt-per-row: the grid has ", shape.first, " rows but there are ",
              count, count == 1 ? " prompt" : " prompts");
  std::vector<std::string> shown;
  for (size_t place = 0; place < seeds.size(); ++place)
    shown.push_back(prompts.texts[place / size_t(shape.second)]);
  return shown;
}

std::string SampleSettings::policy(const LoadedModel& loaded) const {
  return class_label_ ? class_policy(*class_label_, loaded.recipe().model, loaded.classes)
                      : command_.policy(loaded);
}

Sampling SampleSettings::find() {
  Sampling sampling;
  sampling.device = command_.common.apply();
  sampling.sweep = Sweep(sweep_);
  sampling.prompts = command_.prompts.read();
  check_usage(!prompt_per_row_ || !sampling.prompts.empty(), "--prompt-per-row: needs --prompt or --prompts");
  sampling.job.request.seeds = chosen_seeds(sampling.prompts);
  sampling.loaded = command_.find();
  sampling.whole_batch = sampling.loaded.recipe().sample.batch_size;
  command_.fit_batch(sampling.loaded, sampling.job.request.seeds.size());
  return sampling;
}

void SampleSettings::complete(Sampling& sampling) {
  const Recipe& recipe = sampling.loaded.recipe();
  check_prompts(sampling.prompts, sampling.loaded);
  sampling.stages = stages_of(sampling.loaded, sampling.device);
  SampleJob job = interpolate_.given() ? frames_job(sampling) : plain_job(sampling);
  job.real_classes = recipe.model.real_classes();
  job.picture = picture_shape(recipe, sampling.stages);
  job.request.start = start_.open(recipe, sampling.stages, sampling.device);
  const std::string policy = class_per_row_ ? command_.labels : this->policy(sampling.loaded);
  job.record = command_.record(sampling.loaded, sampling.stages,
                               interpolate_.given() ? "" : seeds_text(job.request.seeds), policy,
                               sampling.prompts, sampling.device);
  job.record.inputs.merge(start_.digests());
  job.record.evaluations =
      plan_with(plan_sampling(recipe.sample, recipe.diffusion), job.request.start).evaluations;
  std::vector<std::string> edits;
  for (const std::string& part :
       {start_.options(), interpolate_.given() ? interpolate_.options() : "", sampling.sweep.options()}) {
    if (!part.empty()) edits.push_back(part);
  }
  job.record.edits = join(edits, " ");
  sampling.job = std::move(job);
}

SampleJob SampleSettings::plain_job(const Sampling& sampling) const {
  const std::vector<int64_t>& seeds = sampling.job.request.seeds;
  SampleJob job;
  job.request.seeds = seeds;
  job.shape = layout(seeds.size());
  job.shown = prompts_shown(sampling.prompts, seeds, job.shape);
  job.request.labels = class_per_row_ ? labels_per_row(sampling.loaded, job.shape)
                                      : choose_labels(policy(sampling.loaded), seeds,
                                                      sampling.loaded.recipe().model.real_classes());
  std::vector<std::string> parts;
  if (!grid_.empty()) parts.push_back("--grid " + grid_);
  if (class_per_row_) parts.emplace_back("--class-per-row");
  if (prompt_per_row_) parts.emplace_back("--prompt-per-row");
  job.layout = join(parts, " ");
  if (!sampling.prompts.empty()) job.request.context = prompt_rows(sampling.stages)(job.shown);
  return job;
}

SampleJob SampleSettings::frames_job(const Sampling& sampling) const {
  const ModelOptions& model = sampling.loaded.recipe().model;
  SampleJob job;
  job.request = interpolate_.request(
      [&](int64_t seed, const std::string& text) {
        const std::string chosen = text.empty()
                                       ? policy(sampling.loaded)
                                       : class_policy(text, model, sampling.loaded.classes, "--class-to");
        return choose_labels(chosen, {seed}, model.real_classes());
      },
      sampling.prompts, prompt_rows(sampling.stages));
  job.shape = layout(job.request.seeds.size());
  if (!grid_.empty()) job.layout = "--grid " + grid_;
  job.frame_rate = interpolate_.frame_rate();
  return job;
}

}  // namespace uvic
