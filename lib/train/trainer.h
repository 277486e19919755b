// The training loop.
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"
#include "data/loader.h"
#include "train/evaluation.h"
#include "train/loss_buckets.h"
#include "train/metrics.h"
#include "train/run_directory.h"
#include "train/train_state.h"
#include "train/validation.h"

namespace uvic {

enum class TrainOutcome { kFinished, kInterrupted };

class Trainer {
 public:
  /// Resumes if the run directory has a checkpoint; else starts afresh, from `init_from`'s weights if given.
  Trainer(const Config& config, DataSets data, RunDirectory& run, c10::Device device,
          const std::filesystem::path& init_from = {});

  /// Trains to train.steps, or to the end of the step in which SIGINT or SIGTERM arrived; a checkpoint is
  /// written either way. Throws std::runtime_error after 10 steps in a row that were not finite, and whatever
  /// writing files throws.
  TrainOutcome run();

  const TrainState& state() const { return state_; }

 private:
  using Values = std::vector<std::pair<std::string, double>>;
  Values step_values(const StepResult& result, const DataLoader& loader);
  Values validation_losses() const;
  void show_progress(const StepResult& result);
  void write_preview();
  void start_evaluation();
  void write_evaluation(bool wait);
  bool due(int64_t interval) const;

  RunDirectory& run_;
  DataSets data_;
  TrainState state_;
  MetricsLog metrics_;
  LossBuckets buckets_;
  std::unique_ptr<Validation> validation_;  // null if no images are held out
  std::unique_ptr<Evaluation> evaluation_;  // null if train.eval_interval is 0
  struct Pace;                              // images per second and the like, since the last log line
  std::shared_ptr<Pace> pace_;
};

/// Checks that a data set suits a model: image shape, labels against num_classes. UsageError names the keys.
void check_dataset(const Dataset& dataset, const Config& config);
void check_data(const DataSets& data, const Config& config);

/// "4 cog + 1 softmax blocks ..." and the like: parameters, FLOPs an image, estimated memory, disk. For
/// --dry-run and start-up.
std::string describe_run(const Config& config, c10::Device device);

}  // namespace uvic
