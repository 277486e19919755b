// Thin helpers over file descriptors. What writing meets is a std::runtime_error "cannot write TARGET: the
// system's reason", where `target` is the file that the user asked for.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace uvic {

[[noreturn]] void fail_to_write(const std::filesystem::path& target, int error);

/// A descriptor that is closed with its owner.
class FileHandle {
 public:
  explicit FileHandle(int fd = -1) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileHandle() { close(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// 0, or the errno of a write that fails only now.
  int close();

 private:
  int fd_;
};

/// Opens for writing, closed on exec; new files are 0666 less the umask.
FileHandle open_file(const std::filesystem::path& file, int flags, const std::filesystem::path& target);

/// All of `bytes` at `offset`.
void write_at(int fd, std::string_view bytes, uint64_t offset, const std::filesystem::path& target);

/// Takes the lock of an open file or folder for as long as it stays open. UsageError, `in_use`, if another
/// process has it. A file system that has no locks gives a warning: one process at a time is then the user's
/// affair.
void lock_file(int fd, const std::filesystem::path& target, const std::string& in_use);

/// Keeps other processes away for as long as it lives, by the lock of a file or a folder.
class FileLock {
 public:
  FileLock() = default;
  /// Opens `path`, a folder or a file (made if it is not there), and locks it as lock_file does.
  FileLock(const std::filesystem::path& path, const std::string& in_use);

 private:
  FileHandle file_;
};

/// Flushes a file or folder to disk. Some file systems (CIFS, 9p) answer EINVAL for folders: they cannot.
void sync_to_disk(const std::filesystem::path& path);

}  // namespace uvic
