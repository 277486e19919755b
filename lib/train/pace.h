#pragma once
#include <chrono>
#include <string>

#include "core/progress.h"

namespace uvic {

/// How fast training goes: metrics.jsonl has the speed over the steps since its last line, the progress bar a
/// running mean; both without previews, checkpoints and the like.
class Pace {
 public:
  /// `units_per_step`: what a step counts for, in `unit`.
  Pace(int64_t steps, int64_t done, int64_t units_per_step, std::string unit);

  void add_step(double seconds, int64_t step, double loss, bool skipped);
  /// Shows that training waits for something else.
  void show(const std::string& doing);
  /// Begins to count anew; `waited`: seconds that training has waited for data so far.
  void restart(double waited);
  void finish() { bar_.finish(); }

  /// Since `restart`.
  double per_second() const;
  double wait_fraction(double waited) const;

 private:
  using Clock = std::chrono::steady_clock;
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }
  ProgressBar bar_;
  std::string unit_;
  int64_t units_per_step_, step_, steps_counted_ = 0;
  double loss_ = 0, step_seconds_ = 0;  // running means
  double waited_before_ = 0;
  Clock::time_point began_ = Clock::now();
};

}  // namespace uvic
