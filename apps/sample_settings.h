// What uvic-sample is to make, wherever it goes.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sample_interpolate.h"
#include "sample_options.h"
#include "sample_outputs.h"
#include "sample_start.h"
#include "sampling/sweep.h"

namespace uvic {

/// A command line worked out.
struct Sampling {
  c10::Device device = c10::kCPU;
  Prompts prompts = {};
  LoadedModel loaded = {};
  int64_t whole_batch = 0;  ///< sample.batch_size before it was fitted to the images
  Stages stages = {};
  SampleJob job = {};
  Sweep sweep = {};  ///< of which the job is a cell, unless it is empty

  /// The network's own sampler, or that of other options. The weights must have been loaded.
  Sampler sampler() const;
  Sampler sampler(const SampleOptions& options) const;
};

class SampleSettings {
 public:
  void add_to(CLI::App& app);

  /// Puts threads and device into force, finds the weights and their configuration.
  Sampling find();
  /// All else but the weights themselves. UsageError, the option first, for what does not go together.
  void complete(Sampling& sampling);

  const SampleCommand& command() const { return command_; }
  int64_t save_steps() const { return save_steps_; }

 private:
  std::pair<int64_t, int64_t> layout(size_t count) const;
  std::vector<int64_t> chosen_seeds(const Prompts& prompts) const;
  std::vector<int64_t> labels_per_row(const LoadedModel& loaded, std::pair<int64_t, int64_t> shape) const;
  std::vector<std::string> prompts_shown(const Prompts& prompts, const std::vector<int64_t>& seeds,
                                         std::pair<int64_t, int64_t> shape) const;
  std::string policy(const LoadedModel& loaded) const;
  SampleJob plain_job(const Sampling& sampling) const;
  SampleJob frames_job(const Sampling& sampling) const;

  SampleCommand command_;
  StartOptions start_;
  InterpolateOptions interpolate_;
  std::vector<std::string> sweep_;
  std::string grid_;
  std::optional<std::string> class_label_;
  int64_t save_steps_ = 0;
  bool class_per_row_ = false, prompt_per_row_ = false;
};

}  // namespace uvic
