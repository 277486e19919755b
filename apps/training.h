// What the commands that train have in common: their options, and the way from a task to a finished run.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app.h"
#include "config_options.h"
#include "dist/world.h"
#include "train/doubts.h"
#include "train/run_directory.h"
#include "train/task.h"

namespace uvic {

/// A run as its command has configured it.
struct TrainingRun {
  const World& world;
  Task& task;
  RunConfig config;
  const TrainOptions& train;
  const OptimizerOptions& optimizer;
  c10::Device device;
  bool has_data;  ///< whether the configuration names any
  /// Settings that cannot mean what they say, a line each.
  std::function<std::vector<std::string>(Beginning)> doubts;
  /// Reads the network of a file that training is to begin with and says, in a dry run, what of it is taken.
  std::function<void(const std::filesystem::path& file, const std::string& network)> plan_start;
};

struct TrainingOptions {
  CommonOptions common;
  ConfigOptions config;
  std::string out, init_from, init_weights = "ema", time_limit;
  bool restart = false, dry_run = false;
  std::vector<std::string> ab;  ///< --ab: what is compared; empty: one run
  std::string seeds = "0-2";    ///< of a comparison

  /// `fields`: of the whole configuration; `taken`: what --init-from takes of other networks' weights.
  void add_to(CLI::App& app, const std::vector<FieldView>& fields, const std::string& taken);
  /// Trains, resumes, or says in a dry run what would be done. Returns the exit code.
  int run(const TrainingRun& run) const;

 private:
  void open(const TrainingRun& run) const;
  bool goes_on() const;
  std::filesystem::path start_weights_file(const TrainingRun& run) const;
  void warn(const TrainingRun& run) const;
  int train(const TrainingRun& run, const std::filesystem::path& weights) const;
};

}  // namespace uvic
