#pragma once
#include <cstdint>
#include <filesystem>

namespace uvic {

/// Drops the events of steps past `step` from the TensorBoard event files of a folder, and whatever lies
/// behind a record that a kill cut short; a file of which nothing but its version would stay is removed. So
/// every reader sees each step once when a run goes on behind `step`. std::runtime_error if a file cannot be
/// written.
void truncate_events(const std::filesystem::path& directory, int64_t step);

}  // namespace uvic
