#include "io/file_handle.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/errors.h"

namespace uvic {

namespace fs = std::filesystem;

void fail_to_write(const fs::path& target, int error) {
  throw std::runtime_error(
      c10::str("cannot write ", target.string(), ": ", std::generic_category().message(error)));
}

int open_file(const fs::path& file, int flags, const fs::path& target) {
  const int fd = ::open(file.c_str(), flags | O_CLOEXEC, 0666);
  if (fd < 0) fail_to_write(target, errno);
  return fd;
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

void lock_file(int fd, const fs::path& target) {
  if (TEMP_FAILURE_RETRY(::flock(fd, LOCK_EX | LOCK_NB)) == 0) return;
  check_usage(errno != EWOULDBLOCK, target.string(), ": another process is writing it");
  // Where a file system has no locks, one process at a time is the user's affair.
}

void sync_to_disk(const fs::path& path) {
  const int fd = open_file(path, O_RDONLY, path);
  const int error = TEMP_FAILURE_RETRY(::fsync(fd)) == 0 ? 0 : errno;
  ::close(fd);
  if (error != 0 && error != EINVAL) fail_to_write(path, error);
}

}  // namespace uvic
