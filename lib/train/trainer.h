// The training loop.
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"
#include "data/loader.h"
#include "train/metrics.h"
#include "train/run_directory.h"
#include "train/train_state.h"

namespace uvic {

enum class TrainOutcome { kFinished, kInterrupted };

class Trainer {
 public:
  /// Resumes if the run directory has a checkpoint; else starts afresh, from `init_from`'s weights if given.
  Trainer(const Config& config, std::shared_ptr<const Dataset> dataset, RunDirectory& run, c10::Device device,
          const std::filesystem::path& init_from = {});

  /// Trains to train.steps, or to the end of the step in which SIGINT or SIGTERM arrived; a checkpoint is
  /// written either way. Throws std::runtime_error after 10 steps in a row that were not finite, and whatever
  /// writing files throws.
  TrainOutcome run();

  const TrainState& state() const { return state_; }

 private:
  void log_step(const StepResult& result, const DataLoader& loader);
  void show_progress(const StepResult& result);
  void write_preview();
  bool due(int64_t interval) const;

  RunDirectory& run_;
  std::shared_ptr<const Dataset> dataset_;
  TrainState state_;
  MetricsLog metrics_;
  struct Pace;  // images per second and the like, since the last log line
  std::shared_ptr<Pace> pace_;
};

/// Checks that a data set suits a model: image shape, labels against num_classes. UsageError names the keys.
void check_dataset(const Dataset& dataset, const Config& config);

/// "4 cog + 1 softmax blocks ..." and the like: parameters, FLOPs an image, estimated memory, disk. For
/// --dry-run and start-up.
std::string describe_run(const Config& config, c10::Device device);

}  // namespace uvic
