// Files and directories that are complete or absent: written beside, fsynced, renamed.
#pragma once
#include <filesystem>
#include <functional>
#include <ostream>
#include <string_view>

namespace uvic {

/// Whether a file is on the disk when the call returns. With `kLater` it gets there when the system likes,
/// and a power failure before may leave a torn file under its name: for many small files whose reader checks
/// them.
enum class Flush { kNow, kLater };

/// Calls `write` with a stream on a temporary file beside `path`, then fsyncs it and renames it to `path`.
/// On any failure (disk full included) the temporary is removed, `path` is untouched, and std::runtime_error
/// names the path and the system's reason.
void write_file_atomically(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write,
                           Flush flush = Flush::kNow);
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                           Flush flush = Flush::kNow);

/// std::runtime_error if `path` is something that a rename must not replace: a folder, a device, a pipe.
void check_replaceable(const std::filesystem::path& path);

/// What a file or folder is written as before it is renamed to `path`.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Removes the temporaries that killed writers of `path`, by the functions above or below, have left beside
/// it.
void remove_temporaries_of(const std::filesystem::path& path);

/// Calls `fill` with a fresh temporary directory beside `path`, fsyncs every file in it, renames it to `path`
/// and fsyncs the parent. Leftovers of an earlier, killed attempt are removed first. `path` must not exist.
void write_directory_atomically(const std::filesystem::path& path,
                                const std::function<void(const std::filesystem::path&)>& fill);

}  // namespace uvic
