// Files and directories that are complete or absent: written beside, fsynced, renamed.
#pragma once
#include <filesystem>
#include <functional>
#include <ostream>
#include <string_view>

namespace uvic {

/// Calls `write` with a stream on a temporary file beside `path`, then fsyncs it and renames it to `path`.
/// On any failure (disk full included) the temporary is removed, `path` is untouched, and std::runtime_error
/// names the path and the system's reason.
void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(std::ostream&)>& write);
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The same for a writer that wants a path: calls `write` with that of a temporary file beside `path`.
void replace_file_atomically(const std::filesystem::path& path,
                             const std::function<void(const std::filesystem::path&)>& write);

/// Calls `fill` with a fresh temporary directory beside `path`, fsyncs every file in it, renames it to `path`
/// and fsyncs the parent. Leftovers of an earlier, killed attempt are removed first. `path` must not exist.
void write_directory_atomically(const std::filesystem::path& path,
                                const std::function<void(const std::filesystem::path&)>& fill);

}  // namespace uvic
