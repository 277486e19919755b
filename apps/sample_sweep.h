// --sweep: one sheet of the same images under several settings, and how far each lies from a data set.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "sample_settings.h"

namespace uvic {

/// The sheet of a sweep, uint8 [3, height, width]; an undefined tensor if a signal has come. The weights must
/// have been loaded. A warning names cells whose images are not finite.
at::Tensor make_sweep_sheet(const Sampling& sampling);

class SweepOptions {
 public:
  /// --stats, --features, --num.
  void add_to(CLI::App& app);
  bool scores() const { return !stats_.empty(); }
  /// UsageError: files that do not go together, a cell that cannot be sampled, a sheet that cannot be
  /// written.
  void check(const Sampling& sampling, const std::string& out) const;
  /// Writes the sheet to `out` and the scores, if they are asked for, to stdout and beside it. Returns the
  /// exit code.
  int run(const Sampling& sampling, const std::string& out) const;

 private:
  std::string stats_, features_;
  std::optional<int64_t> num_;
};

}  // namespace uvic
