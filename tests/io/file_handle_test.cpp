#include "io/file_handle.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <cerrno>

#include "core/errors.h"
#include "support/support.h"

namespace {
int injected = 0;  // what flock fails with; 0: it works
}

// Stands before the C library's, also for libuvic.so: a file system that has no locks.
extern "C" int flock(int fd, int operation) noexcept {
  if (injected == 0) return int(syscall(SYS_flock, fd, operation));
  errno = injected;
  return -1;
}

namespace uvic {
namespace {

using testing::TemporaryDirectory;
namespace fs = std::filesystem;

std::ptrdiff_t open_files() {
  return std::distance(fs::directory_iterator("/proc/self/fd"), {});
}

TEST(FileLock, OneAtATimeAndNothingIsLeftOpen) {
  const TemporaryDirectory directory;
  const auto before = open_files();
  for (const fs::path& path : {directory / "lock", directory.path()}) {
    {
      const FileLock lock(path, "");
      EXPECT_THROW_WITH(FileLock(path, "somebody is at it"), UsageError, "somebody is at it");
      EXPECT_EQ(open_files(), before + 1);
    }
    FileLock lock(path, "it was not given back");
    lock = FileLock();
    FileLock again(path, "it was not given back");
  }
  EXPECT_EQ(open_files(), before);
}

TEST(FileLock, AFileSystemWithoutLocksIsAWarning) {
  const TemporaryDirectory directory;
  for (const int error : {ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL}) {
    injected = error;
    ::testing::internal::CaptureStderr();
    EXPECT_NO_THROW(FileLock(directory / "lock", "somebody is at it"));
    injected = 0;
    const std::string line = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(line.find("warning: " + (directory / "lock").string() + ": cannot be locked (" +
                        std::generic_category().message(error)),
              std::string::npos)
        << line;
  }
}

TEST(FileLock, WhatCannotBeOpenedSaysWhy) {
  const TemporaryDirectory directory;
  testing::write_bytes(directory / "file", "");
  EXPECT_THROW_WITH(FileLock(directory / "file/lock", "somebody is at it"), std::runtime_error,
                    "cannot write " + (directory / "file/lock").string() + ": Not a directory");
}

}  // namespace
}  // namespace uvic
