// Snapshots of power-function averages, `<run>/snapshots/step-XXXXXXXX/power-WIDTH.safetensors`, and any
// width reconstructed from them.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace uvic {

struct Snapshot {
  std::filesystem::path file;
  int64_t step;
  double width;
};

/// Those of a run directory, by step, then width.
std::vector<Snapshot> list_snapshots(const std::filesystem::path& run_directory);

/// Those that an average can be reconstructed from: UsageError, naming the run, if it has none.
std::vector<Snapshot> require_snapshots(const std::filesystem::path& run_directory);

/// The width of "width-0.12", nullopt for any other text; UsageError if it is not a number in range.
std::optional<double> parse_ema_width(const std::string& weights);

/// The average of `width` at the run's newest snapshot (EDM2, appendix C.3), float32, and the metadata of
/// that snapshot with `uvic.ema_width`. UsageError as require_snapshots', and for a damaged file.
SafeTensors reconstruct_ema(const std::filesystem::path& run_directory, double width);

}  // namespace uvic
