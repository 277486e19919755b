#include "io/atomic_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "io/full_disk.h"
#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::FullDisk;
using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}
using Names = std::vector<std::string>;

TEST(WriteFile, WritesEveryByteOfSmallAndLargeStreams) {
  const TemporaryDirectory directory;
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 31 + i / 256);
  write_file_atomically(directory / "whole", bytes);
  write_file_atomically(directory / "pieces", [&](std::ostream& stream) {
    stream.put(bytes[0]);
    stream.flush();
    for (size_t at = 1; at < bytes.size(); at += 777) stream << bytes.substr(at, 777);
  });
  write_file_atomically(directory / "empty", "");
  EXPECT_EQ(read_bytes(directory / "whole"), bytes);
  EXPECT_EQ(read_bytes(directory / "pieces"), bytes);
  EXPECT_EQ(read_bytes(directory / "empty"), "");
  EXPECT_EQ(names_in(directory.path()), (Names{"empty", "pieces", "whole"}));
}

TEST(WriteFile, ReplacesTheOldFile) {
  const TemporaryDirectory directory;
  write_bytes(directory / "file", "a longer old content");
  write_file_atomically(directory / "file", "new");
  EXPECT_EQ(read_bytes(directory / "file"), "new");
}

TEST(WriteFile, FullDiskKeepsTheOldFileAndLeavesNoTemporary) {
  const TemporaryDirectory directory;
  write_bytes(directory / "file", "old");
  for (const size_t size : {4097, 70'000, 1'000'000}) {  // fails in the last flush, in the middle
    const FullDisk disk(4096);
    EXPECT_THROW_WITH(write_file_atomically(directory / "file", std::string(size, 'x')), std::runtime_error,
                      (directory / "file").string() + ": File too large");
  }
  EXPECT_EQ(read_bytes(directory / "file"), "old");
  EXPECT_EQ(names_in(directory.path()), Names{"file"});
}

TEST(WriteFile, FullDiskIsNoticedThoughTheCallbackIgnoresIt) {
  const TemporaryDirectory directory;
  const FullDisk disk(4096);
  const auto ignore = [](std::ostream& stream) {
    try {
      stream << std::string(100'000, 'x');
    } catch (const std::exception&) {
    }
  };
  EXPECT_THROW(write_file_atomically(directory / "file", ignore), std::runtime_error);
  EXPECT_EQ(names_in(directory.path()), Names{});
}

TEST(WriteFile, AnExceptionOfTheCallbackLeavesNothing) {
  const TemporaryDirectory directory;
  const auto fail = [](std::ostream& stream) {
    stream << "half";
    throw std::logic_error("stop");
  };
  EXPECT_THROW(write_file_atomically(directory / "file", fail), std::logic_error);
  EXPECT_EQ(names_in(directory.path()), Names{});
}

TEST(WriteFile, NamesWhatCannotBeWritten) {
  const TemporaryDirectory directory;
  EXPECT_THROW_WITH(write_file_atomically(directory / "absent/file", "x"), std::runtime_error,
                    "absent/file: No such file or directory");
  EXPECT_THROW_WITH(write_file_atomically(directory.path(), "x"), std::runtime_error,
                    "is not a regular file");
  EXPECT_THROW_WITH(write_file_atomically("/dev/null", "x"), std::runtime_error, "is not a regular file");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(WriteDirectory, AppearsWhole) {
  const TemporaryDirectory directory;
  write_directory_atomically(directory / "step-1/", [&](const fs::path& inside) {
    write_bytes(inside / "a", "1");
    fs::create_directory(inside / "sub");
    write_bytes(inside / "sub/b", "2");
    EXPECT_FALSE(fs::exists(directory / "step-1"));
    EXPECT_EQ(inside.parent_path(), directory.path());
  });
  EXPECT_EQ(names_in(directory.path()), Names{"step-1"});
  EXPECT_EQ(read_bytes(directory / "step-1/a"), "1");
  EXPECT_EQ(read_bytes(directory / "step-1/sub/b"), "2");
}

TEST(WriteDirectory, AnExceptionLeavesNothing) {
  const TemporaryDirectory directory;
  const auto fail = [](const fs::path& inside) {
    write_bytes(inside / "a", "1");
    throw std::logic_error("stop");
  };
  EXPECT_THROW(write_directory_atomically(directory / "step-1", fail), std::logic_error);
  EXPECT_EQ(names_in(directory.path()), Names{});
}

TEST(WriteDirectory, FullDiskLeavesNothing) {
  const TemporaryDirectory directory;
  const FullDisk disk(4096);
  const auto fill = [](const fs::path& inside) {
    write_file_atomically(inside / "small", "x");
    write_file_atomically(inside / "large", std::string(100'000, 'x'));
  };
  EXPECT_THROW(write_directory_atomically(directory / "step-1", fill), std::runtime_error);
  EXPECT_EQ(names_in(directory.path()), Names{});
}

TEST(WriteDirectory, NamesWhatCannotBeMade) {
  EXPECT_THROW_WITH(write_directory_atomically("/proc/step-1", [](const fs::path&) { FAIL() << "called"; }),
                    std::runtime_error, "cannot write /proc/step-1: No such file or directory");
}

TEST(WriteDirectory, RemovesLeftoversOfAKilledAttemptOnly) {
  const TemporaryDirectory directory;
  fs::create_directories(directory / "step-1.tmp-99999999/sub");
  write_bytes(directory / "step-1.tmp-99999999/sub/a", "half");
  fs::create_directory(directory / "step-10.tmp-1");
  fs::create_directory(directory / "step-2");
  write_directory_atomically(directory / "step-1",
                             [](const fs::path& inside) { EXPECT_TRUE(fs::is_empty(inside)); });
  EXPECT_EQ(names_in(directory.path()), (Names{"step-1", "step-10.tmp-1", "step-2"}));
}

TEST(WriteDirectory, RefusesAnExistingTarget) {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "step-1");
  EXPECT_THROW_WITH(
      write_directory_atomically(directory / "step-1", [](const fs::path&) { FAIL() << "called"; }),
      std::runtime_error, "step-1: File exists");
}

}  // namespace
}  // namespace uvic
