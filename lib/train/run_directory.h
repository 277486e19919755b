// The folder of one training run: config.yaml, metrics.jsonl, samples/, checkpoints/, TensorBoard events.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "core/config.h"
#include "dist/world.h"
#include "io/file_handle.h"
#include "train/options.h"

namespace uvic {

/// A configuration as a run directory sees it: its text, and what an earlier run may differ in.
struct RunConfig {
  /// Of any option struct with sections `optimizer` and `train`, `resolve()` and `to_yaml()`.
  template <class Config>
  RunConfig(const Config& config);

  std::string yaml;
  /// UsageError, `run` first, unless a run that began with the configuration `earlier` (of the file `source`)
  /// and has taken `step` steps may go on with this one.
  std::function<void(const std::string& earlier, const std::string& source, const std::string& run,
                     int64_t step)>
      check_resume;
};

/// Whether a run has begun in that folder.
bool is_run(const std::filesystem::path& path);

class RunDirectory {
 public:
  /// Creates `path` or opens an earlier run there, and locks it against a second process. UsageError if it is
  /// something else's folder, in use, or an earlier run whose config differs in more than what is free on
  /// resume (the keys are listed), or one without a whole checkpoint among those it has. Newer ones that are
  /// damaged are moved aside, to `step-XXXXXXXX.damaged-N`, each with a warning. `restart` moves an earlier
  /// run aside first, to `<path>.old-N`. Rank 0 of `world` does all that, and the others know of it.
  RunDirectory(std::filesystem::path path, const RunConfig& config, bool restart, const World& world = {});

  const std::filesystem::path& path() const { return path_; }
  /// The checkpoint to resume from, empty for a fresh start, and its step, then 0.
  const std::filesystem::path& resume_from() const { return resume_from_; }
  int64_t resume_step() const;
  const std::string& config_yaml() const { return config_yaml_; }

 private:
  void begin(const RunConfig& config, bool restart);
  std::filesystem::path path_, resume_from_;
  std::string config_yaml_;
  FileLock lock_;
};

/// Where a task may remember what it found when it opened its data: in the run's folder, made if it is not
/// there and removed again with its owner (but for folders above it) unless `keep` is called; nowhere if the
/// folder is something else's.
class RunMemory {
 public:
  explicit RunMemory(std::filesystem::path run_directory);
  ~RunMemory();
  RunMemory(const RunMemory&) = delete;
  RunMemory& operator=(const RunMemory&) = delete;
  void keep() { made_ = false; }
  /// Empty: nowhere.
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  bool made_;
};

/// Checks that `path` could become a run directory, for --dry-run; creates nothing. UsageError says why not.
void check_run_path(const std::filesystem::path& path);

/// UsageError, `run` first, if there are keys.
void refuse_changes(const std::vector<std::string>& keys, const std::string& run);
/// UsageError, `run` first, if the learning rate would jump at `step` because a schedule reads train.steps.
void check_same_rate(const OptimizerOptions& optimizer, int64_t steps_then, int64_t steps_now, int64_t step,
                     const std::string& run);

template <class Config>
RunConfig::RunConfig(const Config& config) : yaml(config.to_yaml()) {
  Config resolved = config;
  resolved.resolve();
  check_resume = [config = std::move(resolved)](const std::string& earlier_yaml, const std::string& source,
                                                const std::string& run, int64_t step) {
    Config earlier;
    load_yaml(fields_of(earlier), earlier_yaml, source);
    earlier.resolve();
    std::vector<std::string> keys;
    for (const auto& [then, now] : differing_fields(earlier, config)) {
      if (!now.is(kFreeOnResume)) keys.push_back(now.key);
    }
    refuse_changes(keys, run);
    check_same_rate(config.optimizer, earlier.train.steps, config.train.steps, step, run);
  };
}

}  // namespace uvic
