// What people give where images are expected: runs, checkpoints, weights.
#pragma once
#include <filesystem>

namespace uvic {

/// UsageError, saying what to do instead: nothing there, a run directory or a part of one (its pictures are
/// preview grids), a checkpoint, or a file of weights.
void check_holds_images(const std::filesystem::path& path);

}  // namespace uvic
