#include "io/read_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "io/input_file.h"
#include "support/support.h"

namespace uvic {
namespace {

using namespace testing;

TEST(ReadFile, AllOfItOrItsStart) {
  const TemporaryDirectory directory;
  const std::string text("some bytes \0 and more", 21);
  write_bytes(directory / "a", text);
  EXPECT_EQ(read_text(directory / "a"), text);
  EXPECT_EQ(read_file(directory / "a").bytes, std::vector<uint8_t>(text.begin(), text.end()));
  const FileBytes start = read_file(directory / "a", 4);
  EXPECT_EQ(start.bytes, (std::vector<uint8_t>{'s', 'o', 'm', 'e'}));
  EXPECT_EQ(start.file_size, int64_t(text.size()));
  write_bytes(directory / "empty", "");
  EXPECT_EQ(read_text(directory / "empty"), "");
  EXPECT_EQ(read_file(directory / "empty", 4).bytes.size(), 0U);
}

TEST(ReadFile, WhatHasNoSizeIsReadToItsEnd) {
  EXPECT_NE(read_text("/proc/self/status").find("Pid:"), std::string::npos);
  const TemporaryDirectory directory;
  const auto pipe = directory / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string text(200'000, 'x');  // more than a first guess at its size
  std::thread writer([&] { write_bytes(pipe, text); });
  EXPECT_EQ(read_text(pipe), text);
  writer.join();
}

TEST(ReadFile, ErrorsNameTheFileAndTheReason) {
  const TemporaryDirectory directory;
  const std::string name = directory.path().string();
  EXPECT_THROW_WITH(read_text(directory / "absent"), UnreadableFile,
                    name + "/absent: cannot read this file: No such file or directory");
  EXPECT_THROW_WITH(read_file(directory.path()), UnreadableFile,
                    name + ": cannot read this file: Is a directory");
  // Opens, and then fails: nothing is mapped at address 0.
  EXPECT_THROW_WITH(read_text("/proc/self/mem"), UnreadableFile,
                    "/proc/self/mem: cannot read this file: Input/output error");
  EXPECT_THROW_WITH(InputFile(directory / "absent"), UsageError, "No such file or directory");
}

TEST(InputFile, SaysThatAFileEndsEarly) {
  const TemporaryDirectory directory;
  write_bytes(directory / "a", "12345");
  InputFile file(directory / "a");
  std::array<char, 4> four{};
  file.read(four.data(), 4);
  EXPECT_EQ(file.size(), 5);
  EXPECT_THROW_WITH(file.read(four.data(), 4), UsageError, "a: the file is truncated (5 bytes)");
}

}  // namespace
}  // namespace uvic
