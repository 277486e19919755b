// metrics.jsonl of a run, as curves.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "report/curve.h"

namespace uvic {

struct RunMetrics {
  std::vector<std::pair<std::string, Curve>> curves = {};  ///< in the order in which they are first met
  int64_t lines = 0;
  int64_t unreadable = 0;  ///< lines that are no JSON; one that is still being written is none
  int64_t last_step = 0;

  /// Null if nothing of that name was measured.
  const Curve* find(const std::string& name) const;
};

/// Read line by line, in memory that does not grow with them. UsageError, naming the file, where there is
/// none or no line with a step in it.
RunMetrics read_metrics(const std::filesystem::path& run_directory);

}  // namespace uvic
