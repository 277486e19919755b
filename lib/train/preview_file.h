#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>

namespace uvic {

/// Calls `write` for a file that shows what a run makes at a step, its folder made before. Where that fails,
/// as on a full disk, there is a warning: no reason to end the run.
void write_preview_file(const std::filesystem::path& file, int64_t step, const std::function<void()>& write);

}  // namespace uvic
