#include "io/append_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "io/full_disk.h"
#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::read_bytes;
using testing::TemporaryDirectory;

std::string line(size_t length, char letter) {
  return std::string(length - 1, letter) + "\n";
}

TEST(AppendFile, GoesOnBehindWhatIsThere) {
  const TemporaryDirectory directory;
  testing::write_bytes(directory / "log", "a\n");
  AppendFile file(directory / "log");
  file.add("b\n");
  EXPECT_EQ(read_bytes(directory / "log"), "a\n");
  file.add("c\n");
  file.write();
  EXPECT_EQ(read_bytes(directory / "log"), "a\nb\nc\n");
  EXPECT_THROW_WITH(AppendFile(directory / "absent/log"), std::runtime_error,
                    "absent/log: No such file or directory");
}

// A limit inside a line lets a part of it be written, which is then taken back.
TEST(AppendFile, AFullDiskIsOneWarningNoHalfLineAndNothingIsLost) {
  const TemporaryDirectory directory;
  const fs::path path = directory / "log";
  AppendFile file(path);
  std::string all;
  const auto append = [&](const std::string& text) {
    file.add(text);
    file.write();
    all += text;
  };
  append(line(100, 'a'));
  const std::string before = all;
  ::testing::internal::CaptureStderr();
  {
    const testing::FullDisk disk(150);
    append(line(100, 'b'));
    append(line(30, 'c'));
    EXPECT_EQ(read_bytes(path), before);
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(said, "warning: cannot write " + path.string() +
                      ": File too large; what it lacks is kept and written when it can be\n");
  append(line(10, 'd'));
  EXPECT_EQ(read_bytes(path), all);
}

TEST(AppendFile, WhatWaitsIsWrittenAtTheEndOrSaidToBeLost) {
  const TemporaryDirectory directory;
  const std::string text = line(5000, 'a');  // what is said goes into a file, too
  for (const bool room : {true, false}) {
    const fs::path path = directory / (room ? "late" : "lost");
    ::testing::internal::CaptureStderr();
    auto disk = std::make_optional<testing::FullDisk>(4096);
    {
      AppendFile file(path);
      file.add(text);
      file.write();
      if (room) disk.reset();
    }
    disk.reset();
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(read_bytes(path), room ? text : "");
    EXPECT_EQ(said.find("error: cannot write the last 5000 bytes of " + path.string() +
                        ": File too large\n") == std::string::npos,
              room)
        << said;
  }
}

// A file system that is really full: its last block takes a part of a line.
TEST(AppendFile, OnAFullFileSystemToo) {
  const TemporaryDirectory directory;
  const fs::path disk = directory / "disk";
  fs::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16k") != 0)
    GTEST_SKIP() << "this user may not mount a file system: " << std::strerror(errno);
  {
    AppendFile file(disk / "log");
    std::string all;
    for (int i = 0; i < 30; ++i) {  // 30,000 bytes on 16,384, less what lies beside them
      if (i == 3) testing::write_bytes(disk / "ballast", std::string(4096, 'x'));
      all += line(1000, char('a' + i % 26));
      file.add(std::string_view(all).substr(all.size() - 1000));
      file.write();
      const std::string written = read_bytes(disk / "log");
      EXPECT_EQ(written, all.substr(0, written.size()));
      EXPECT_EQ(written.size() % 1000, 0U);
    }
    EXPECT_LE(fs::file_size(disk / "log"), 12'000U);
    ASSERT_EQ(mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64k"), 0);
    file.write();
    EXPECT_EQ(read_bytes(disk / "log"), all);
  }
  EXPECT_EQ(umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace uvic
