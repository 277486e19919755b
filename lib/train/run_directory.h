// The folder of one training run: config.yaml, metrics.jsonl, samples/, checkpoints/, TensorBoard events.
#pragma once
#include <filesystem>
#include <string>

#include "train/config.h"

namespace uvic {

class RunDirectory {
 public:
  /// Creates `path` or opens an earlier run there, and locks it against a second process. UsageError if it is
  /// something else's folder, in use, or an earlier run whose config differs in more than train.steps,
  /// intervals, keep, workers and paths (the keys are listed). `restart` moves an earlier run aside first, to
  /// `<path>.old-N`.
  RunDirectory(std::filesystem::path path, const Config& config, bool restart);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The checkpoint to resume from, empty for a fresh start.
  const std::filesystem::path& resume_from() const { return resume_from_; }
  /// Drops the lines of metrics.jsonl past `step`.
  void truncate_metrics(int64_t step) const;

 private:
  void lock();
  std::filesystem::path path_, resume_from_;
  int lock_ = -1;
};

/// Checks that `path` could become a run directory, for --dry-run; creates nothing. UsageError says why not.
void check_run_path(const std::filesystem::path& path);

}  // namespace uvic
