// The training loop.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/pace.h"
#include "train/run_directory.h"
#include "train/run_log.h"
#include "train/task.h"
#include "train/train_state.h"

namespace uvic {

enum class TrainOutcome { kFinished, kInterrupted };

class Trainer {
 public:
  /// `task` is open and not yet built. Resumes if the run directory has a checkpoint; else starts afresh,
  /// from `init_from`'s weights if given. UsageError if the data is not what the checkpoint says, unless
  /// train.allow_new_data, and if the ranks of `world`, which share each batch, have other data or weights.
  Trainer(Task& task, RunDirectory& run, const TrainOptions& options, const OptimizerOptions& optimizer,
          c10::Device device, const std::filesystem::path& init_from = {}, const World& world = {});

  /// Trains to train.steps, or to the end of the step in which a signal arrived or the time was over (on any
  /// rank); a checkpoint is written either way. One in between that cannot be written is warned of, unless
  /// train.on_save_error is fail. Throws std::runtime_error, with the checkpoint to begin again from, after
  /// 10 steps in a row that were not finite, or where the weights, their averages or moments are not; and
  /// whatever writing files throws.
  TrainOutcome run();

 private:
  /// What is done every so many steps, and after the last.
  struct Action {
    int64_t interval;  ///< 0: never
    bool optional;     ///< of no use to a run that is stopping
    bool slow;         ///< its time does not count in the pace
    std::function<void()> act;
  };

  std::vector<Action> make_actions();
  void take_step();
  void log_step();
  void validate();
  void write_line();
  void save();
  void try_to_save(bool must, const std::function<void()>& save);
  void preview();
  void start_scoring();
  void collect_score(bool wait);
  TrainOutcome interrupted();
  void make_owed_score();
  bool at_end() const { return state_.step == state_.options.steps; }
  bool due(int64_t interval) const;
  bool scored(int64_t step) const;
  bool agree_to_stop();

  Task& task_;
  RunDirectory& run_;
  TrainState state_;
  std::unique_ptr<RunLog> log_;  // null from rank 1 on
  Pace pace_;
  TaskContext context_;
  StepResult last_;
  Values line_;  // of metrics.jsonl, for this step
  bool owes_checkpoint_ = false;
  bool stop_ = false;  // what all ranks have agreed on last
};

/// Whether a run has done all that its options ask for: its steps, and the score after the last one if there
/// is a scorer.
bool is_finished(const RunDirectory& run, const TrainOptions& options, const Scorer* scorer);
/// What to tell whoever wants more of a finished run.
std::string how_to_go_on(const RunDirectory& run, const OptimizerOptions& optimizer);

}  // namespace uvic
