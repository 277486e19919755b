// Thin helpers over file descriptors, for the writers of this room. Each error is a std::runtime_error
// "cannot write TARGET: the system's reason", where `target` is the file that the user asked for.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace uvic {

[[noreturn]] void fail_to_write(const std::filesystem::path& target, int error);

/// An open descriptor, closed on exec; new files are 0666 less the umask.
int open_file(const std::filesystem::path& file, int flags, const std::filesystem::path& target);

/// All of `bytes` at `offset`.
void write_at(int fd, std::string_view bytes, uint64_t offset, const std::filesystem::path& target);

/// Takes the lock of an open file or folder for as long as it stays open. UsageError if another process has
/// it.
void lock_file(int fd, const std::filesystem::path& target);

/// Flushes a file or folder to disk. Some file systems (CIFS, 9p) answer EINVAL for folders: they cannot.
void sync_to_disk(const std::filesystem::path& path);

}  // namespace uvic
