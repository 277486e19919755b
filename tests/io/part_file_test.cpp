// A file broken off at any byte, or with lost blocks, goes on from its last whole record.
#include "io/part_file.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/full_disk.h"
#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

const std::vector<std::string> kRecords{"first", "the second one", "", "fourth"};

std::vector<std::string> recovered(PartFile& file) {
  std::vector<std::string> records;
  file.recover([&](std::string_view record) {
    records.emplace_back(record);
    return true;
  });
  return records;
}

// Goes on with what is there, and finishes.
void complete(const fs::path& path) {
  PartFile file(path, 4);
  const size_t there = recovered(file).size();
  for (size_t i = there; i < kRecords.size(); ++i) file.append(kRecords[i]);
  file.commit("HEAD", "TAIL");
}

TEST(PartFile, HeadRecordsAndTailMakeTheFile) {
  const TemporaryDirectory directory;
  complete(directory / "a");
  EXPECT_EQ(read_bytes(directory / "a"), "HEADfirstthe second onefourthTAIL");
  EXPECT_FALSE(fs::exists(directory / "a.part"));
  EXPECT_FALSE(fs::exists(directory / "a.part.log"));
}

TEST(PartFile, CutOrDamagedAtAnyByteItEndsEqual) {
  const TemporaryDirectory directory;
  complete(directory / "whole");
  {
    PartFile file(directory / "a", 4);
    recovered(file);
    for (const auto& record : kRecords) file.append(record);
  }
  const std::string part = read_bytes(directory / "a.part"), log = read_bytes(directory / "a.part.log");
  const auto expect_equal = [&](const std::string& some_part, const std::string& some_log, size_t at) {
    fs::remove(directory / "a");
    write_bytes(directory / "a.part", some_part);
    write_bytes(directory / "a.part.log", some_log);
    complete(directory / "a");
    EXPECT_EQ(read_bytes(directory / "a"), read_bytes(directory / "whole")) << at;
  };
  for (size_t at = 0; at <= part.size(); ++at) {
    expect_equal(part.substr(0, at), log, at);
    expect_equal(part.substr(0, at) + std::string(part.size() - at, '\0'), log, at);
  }
  for (size_t at = 0; at <= log.size(); ++at) {
    expect_equal(part, log.substr(0, at), at);
    expect_equal(part, log.substr(0, at) + std::string(log.size() - at, '\0'), at);
  }
  expect_equal(part + "half a reco", log, 0);
}

TEST(PartFile, WhatIsDeclinedIsCutOffWithAllBehindIt) {
  const TemporaryDirectory directory;
  {
    PartFile file(directory / "a");
    for (const auto& record : kRecords) file.append(record);
  }
  PartFile file(directory / "a");
  file.recover([&](std::string_view record) { return record == "first"; });
  file.append("!");
  file.commit("", "");
  EXPECT_EQ(read_bytes(directory / "a"), "first!");
}

TEST(PartFile, OneWithoutRecordsLeavesNothing) {
  const TemporaryDirectory directory;
  { PartFile file(directory / "a"); }
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(PartFile, ASecondWriterIsRefused) {
  const TemporaryDirectory directory;
  PartFile file(directory / "a");
  EXPECT_THROW_WITH(PartFile(directory / "a"), UsageError, "a: another process is writing it");
}

TEST(PartFile, AFullDiskIsAnErrorAndWhatFitIsKept) {
  const TemporaryDirectory directory;
  const std::string record(1000, 'x');
  {
    const testing::FullDisk disk(2500);
    PartFile file(directory / "a");
    file.append(record);
    file.append(record);
    EXPECT_THROW_WITH(file.append(record), std::runtime_error, "/a: File too large");
  }
  PartFile file(directory / "a");
  EXPECT_EQ(recovered(file), (std::vector<std::string>{record, record}));
}

}  // namespace
}  // namespace uvic
