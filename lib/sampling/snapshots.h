// Snapshots of power-function averages, `<run>/snapshots/step-XXXXXXXX/power-WIDTH.safetensors`, and any
// width reconstructed from them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace uvic {

/// "power-0.05": the file's name without its extension.
std::string power_ema_name(double width);

struct Snapshot {
  std::filesystem::path file;
  int64_t step;
  double width;
};

/// Those of a run directory, by step, then width.
std::vector<Snapshot> list_snapshots(const std::filesystem::path& run_directory);

/// The average of `width` at the run's newest snapshot (EDM2, appendix C.3), float32, and the metadata of
/// that snapshot with `uvic.ema_width`. UsageError names the run if it has no snapshots, the widths that the
/// network was stored at if `width` is out of range, and a damaged file.
SafeTensors reconstruct_ema(const std::filesystem::path& run_directory, double width);

}  // namespace uvic
