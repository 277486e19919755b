// A run whose weights or losses are not finite any more: what is kept of it, and what its user can do.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace uvic {

/// Renames `path` to the first of `path.<ending>-1`, `-2`, ... that is free, and returns that.
std::filesystem::path move_aside(const std::filesystem::path& path, const std::string& ending);

/// Throws std::runtime_error: `bad`, a tensor, is not finite after `step` steps, so that nothing is saved.
[[noreturn]] void refuse_not_finite(const std::string& bad, int64_t step,
                                    const std::filesystem::path& run_directory);

/// Throws std::runtime_error for a run that gave nothing finite in the last `steps_in_a_row` steps: whatever
/// has been saved meanwhile, with the weights that failed, is moved aside, so that the latest checkpoint is
/// one of before.
[[noreturn]] void give_up_diverged(int64_t step, int64_t steps_in_a_row,
                                   const std::filesystem::path& run_directory);

}  // namespace uvic
