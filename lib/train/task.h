// What is trained, as the engine sees it. A task owns its modules, its data and its losses; the engine owns
// the optimiser, the averages, the checkpoints, the run directory and the loop.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/slice.h"
#include "dist/world.h"
#include "train/run_log.h"

namespace torch::nn {
class Module;
}

namespace uvic {

/// What a task may use while the engine waits for it.
struct TaskContext {
  std::filesystem::path run_directory;
  RunLog* log;  ///< null from rank 1 on
  const World& world;
  std::function<void(const std::string& doing)> progress;
  /// Whether a long job should be broken off, its result being of no use any more.
  std::function<bool()> stopping;
};

/// Scores what the module makes, behind training: the module is needed for `start` alone. Ranks share it;
/// they call it, and `pending` and what `collect` returns are, alike.
class Scorer {
 public:
  struct Score {
    int64_t step = 0;
    Values values;  ///< NaN where it could not be computed
  };
  virtual ~Scorer() = default;
  /// What metrics.jsonl calls the score ("fid").
  virtual std::string key() const = 0;
  /// Makes what is to be scored from the module as it stands. Nothing may be pending. Breaks off, with
  /// nothing pending, if `context.stopping`.
  virtual void start(int64_t step, const TaskContext& context) = 0;
  virtual bool pending() const = 0;
  /// The result of what was started, if it is there; `wait`: waits for it, unless `context.stopping`.
  virtual std::optional<Score> collect(bool wait, const TaskContext& context) = 0;
  /// Forgets what was started.
  virtual void give_up() = 0;
};

/// Made from its configuration alone; then `open`, `build` and `begin` are called once each, in this order.
class Task {
 public:
  virtual ~Task() = default;

  /// Lines on what the run needs (parameters, memory, time), before anything is opened: for --dry-run and
  /// start-up.
  virtual std::string describe() const = 0;

  /// Opens and checks the data and whatever else the task reads. UsageError says what is wrong. What is worth
  /// remembering for the next start goes into `memory`, a folder that may not exist (then nothing is).
  virtual void open(const std::filesystem::path& memory) = 0;
  virtual std::string describe_data() const = 0;
  /// What the data is, as text for the checkpoint, and how it differs from what a checkpoint says: a clause
  /// each, empty if it is the same.
  virtual std::string data_identity() const = 0;
  virtual std::vector<std::string> data_differences(const std::string& then) const = 0;

  /// What weights files say beside their configuration: their metadata's keys and values.
  virtual std::map<std::string, std::string> weights_metadata() const { return {}; }

  /// Makes the module, its weights drawn from `seed`.
  virtual void build(uint64_t seed) = 0;
  /// What is trained; its parameters' names are those of the weights files.
  virtual std::shared_ptr<torch::nn::Module> module() const = 0;
  /// Weights to begin with, from a file of any kind.
  virtual void init_from(const std::filesystem::path& weights_file) = 0;

  /// What examples are counted in ("images", "tokens"), and how many of those one is.
  virtual std::string unit() const = 0;
  virtual int64_t units_per_example() const { return 1; }
  /// The slices that `losses` will be asked for: those of steps first_step .. last_step - 1, in order.
  virtual void begin(const SliceSequence& slices, int64_t first_step, int64_t last_step) = 0;
  /// What the losses of the next slice are computed from, on the device; some may be undefined.
  virtual std::vector<at::Tensor> inputs(const Slice& slice) = 0;
  /// The loss of each example, [slice.count], with its graph.
  virtual at::Tensor losses(const std::vector<at::Tensor>& inputs) = 0;
  /// Whether `losses` does the same for all inputs of the same shapes, whatever they hold, and never waits
  /// for the device, so that a GPU can be given it in one piece.
  virtual bool replayable() const = 0;
  /// Hears what the losses of the slice were, [slice.count], on the device and perhaps not computed yet.
  virtual void count(const at::Tensor& /*losses*/) {}
  /// Seconds that `inputs` has waited for data so far.
  virtual double wait_seconds() const = 0;
  /// What else metrics.jsonl says of the steps since the last call, those of all ranks.
  virtual Values step_values(const World& world) = 0;

  virtual bool can_validate() const = 0;
  /// Losses over held-out data with the module as it stands; the ranks share it.
  virtual Values validate(const World& world) = 0;
  /// Shows what the module makes, as it stands; the ranks share it, and rank 0 writes.
  virtual void preview(int64_t step, const TaskContext& context) = 0;
  /// Null if nothing is scored.
  virtual Scorer* scorer() = 0;
  /// Warnings at the end of a run.
  virtual void finish() = 0;
};

}  // namespace uvic
