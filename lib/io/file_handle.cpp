#include "io/file_handle.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/errors.h"
#include "core/log.h"

namespace uvic {

namespace fs = std::filesystem;

void fail_to_write(const fs::path& target, int error) {
  throw std::runtime_error(
      c10::str("cannot write ", target.string(), ": ", std::generic_category().message(error)));
}

int FileHandle::close() {
  const int fd = std::exchange(fd_, -1);
  return fd < 0 || ::close(fd) == 0 ? 0 : errno;
}

FileHandle open_file(const fs::path& file, int flags, const fs::path& target) {
  FileHandle handle(::open(file.c_str(), flags | O_CLOEXEC, 0666));
  if (!handle.is_open()) fail_to_write(target, errno);
  return handle;
}

void write_at(int fd, std::string_view bytes, uint64_t offset, const fs::path& target) {
  while (!bytes.empty()) {
    const ssize_t written =
        TEMP_FAILURE_RETRY(::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)));
    if (written <= 0) fail_to_write(target, written < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
}

void lock_file(int fd, const fs::path& target, const std::string& in_use) {
  if (TEMP_FAILURE_RETRY(::flock(fd, LOCK_EX | LOCK_NB)) == 0) return;
  const int error = errno;
  check_usage(error != EWOULDBLOCK, in_use);
  // The descriptor is open, so whatever else flock says is of the file system: ENOLCK, EOPNOTSUPP, ENOSYS ...
  log_warning(target.string(), ": cannot be locked (", std::generic_category().message(error),
              "); see to it that no other process writes there");
}

FileLock::FileLock(const fs::path& path, const std::string& in_use) {
  std::error_code ignored;
  const int flags = fs::is_directory(path, ignored) ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT;
  file_ = open_file(path, flags, path);
  lock_file(file_.get(), path, in_use);
}

void sync_to_disk(const fs::path& path) {
  const FileHandle file = open_file(path, O_RDONLY, path);
  const int error = TEMP_FAILURE_RETRY(::fsync(file.get())) == 0 ? 0 : errno;
  if (error != 0 && error != EINVAL) fail_to_write(path, error);
}

}  // namespace uvic
