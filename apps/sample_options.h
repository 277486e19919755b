// What uvic-sample and `uvic-fid dump` have in common: which weights, which seeds, which classes.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app.h"
#include "config_options.h"
#include "core/progress.h"
#include "prompt_options.h"
#include "recipe/load_model.h"
#include "sampling/record.h"
#include "sampling/sampler.h"

namespace uvic {

struct SampleCommand {
  CommonOptions common;
  ConfigOptions config;
  std::string checkpoint, weights = "ema", seeds, labels = "balanced";
  PromptOptions prompts;
  bool dry_run = false;

  /// `anew`: --checkpoint may be missing, see `find`.
  void add_to(CLI::App& app, bool anew = false);
  /// Finds the weights file and its configuration, and checks that it can be sampled from here. Unless the
  /// command line sets sample.batch_size, it shrinks to `images`: a smaller request would otherwise pay for
  /// the padding. A batch size given is kept, and with it the bytes of every image.
  LoadedModel find(size_t images) const;
  /// The same in two: found, and the batch size fitted.
  LoadedModel find() const;
  void fit_batch(LoadedModel& loaded, size_t images) const;
  /// --labels with the names of classes replaced by their numbers.
  std::string policy(const LoadedModel& loaded) const;
  /// The record of a picture of `seeds`; the layout is the caller's.
  RecordInputs record(const LoadedModel& loaded, const Stages& stages, const std::string& seeds,
                      const std::string& labels, const Prompts& prompts, c10::Device device) const;
};

/// "model 1.07 M parameters, 25 evaluations an image ...": for --dry-run and start-up. `evaluations`: where
/// they are not those of the recipe.
std::string describe_sampling(const LoadedModel& loaded, size_t images, c10::Device device,
                              std::optional<int64_t> evaluations = {});

/// A progress bar over all solver steps of a request.
class SamplingProgress {
 public:
  SamplingProgress(size_t images, const SamplingPlan& plan);
  void update(size_t first, int64_t step);
  void finish() { bar_.finish(); }

 private:
  int64_t steps_, batch_size_;
  ProgressBar bar_;
};

}  // namespace uvic
