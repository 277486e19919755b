#include "io/tensorboard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "io/full_disk.h"
#include "io/png.h"
#include "io/truncate_events.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;

template <class T>
T read_as(std::string_view bytes) {
  T value;
  TORCH_CHECK(bytes.size() >= sizeof value, "truncated");
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// CRC-32C bit by bit, masked as TFRecord does.
uint32_t slow_masked_crc(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
}

/// The records of a TFRecord file, framing checked.
std::vector<std::string> records_of(const std::string& bytes) {
  std::vector<std::string> records;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto length = read_as<uint64_t>(rest);
    TORCH_CHECK(read_as<uint32_t>(rest.substr(8)) == slow_masked_crc(rest.substr(0, 8)));
    TORCH_CHECK(rest.size() >= 16 + length);
    TORCH_CHECK(read_as<uint32_t>(rest.substr(12 + length)) == slow_masked_crc(rest.substr(12, length)));
    records.emplace_back(rest.substr(12, length));
    rest.remove_prefix(16 + length);
  }
  return records;
}

/// A message's fields: number -> raw value (8, 4 or n bytes; a varint as its 8 bytes).
std::map<int, std::string> fields_of(std::string_view message) {
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      TORCH_CHECK(!message.empty() && shift < 70);
      const auto byte = static_cast<uint8_t>(message[0]);
      message.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  std::map<int, std::string> fields;
  while (!message.empty()) {
    const uint64_t tag = varint();
    uint64_t length = 0;
    switch (tag & 7) {
      case 0: {
        const uint64_t value = varint();
        fields[static_cast<int>(tag >> 3)] = std::string(reinterpret_cast<const char*>(&value), 8);
        continue;
      }
      case 1:
        length = 8;
        break;
      case 2:
        length = varint();
        break;
      case 5:
        length = 4;
        break;
      default:
        TORCH_CHECK(false, "wire type ", tag & 7);
    }
    TORCH_CHECK(length <= message.size());
    fields[static_cast<int>(tag >> 3)] = message.substr(0, length);
    message.remove_prefix(length);
  }
  return fields;
}

std::filesystem::path only_file(const std::filesystem::path& directory) {
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    TORCH_CHECK(found.empty());
    found = entry.path();
  }
  return found;
}

TEST(Crc32c, TestVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(EventWriter, FileNameAndVersionRecord) {
  const TemporaryDirectory directory;
  const auto before = std::time(nullptr);
  const EventWriter writer(directory / "a/b");
  const auto file = only_file(directory / "a/b");
  const std::string name = file.filename();
  const std::string prefix = "events.out.tfevents.", suffix = "." + std::to_string(getpid());
  EXPECT_TRUE(name.starts_with(prefix) && name.ends_with(suffix)) << name;
  EXPECT_NEAR(std::stod(name.substr(prefix.size())), static_cast<double>(before), 5);

  const auto records = records_of(read_bytes(file));  // already on disk
  ASSERT_EQ(records.size(), 1u);
  auto event = fields_of(records[0]);
  EXPECT_EQ(event[3], "brain.Event:2");
  EXPECT_NEAR(read_as<double>(event[1]), static_cast<double>(before), 5);
  EXPECT_EQ(event.size(), 2u);
}

TEST(EventWriter, Scalars) {
  const TemporaryDirectory directory;
  EventWriter writer(directory.path());
  writer.add_scalar("train/loss", 0.25, 0);
  writer.add_scalar("lr", 2e-4, 300'000'000'000);
  writer.flush();
  const auto records = records_of(read_bytes(only_file(directory.path())));
  ASSERT_EQ(records.size(), 3u);
  auto first = fields_of(records[1]), second = fields_of(records[2]);
  EXPECT_EQ(read_as<int64_t>(first[2]), 0);
  EXPECT_EQ(read_as<int64_t>(second[2]), 300'000'000'000);
  auto loss = fields_of(fields_of(first[5])[1]), rate = fields_of(fields_of(second[5])[1]);
  EXPECT_EQ(loss[1], "train/loss");
  EXPECT_EQ(read_as<float>(loss[2]), 0.25f);
  EXPECT_EQ(rate[1], "lr");
  EXPECT_EQ(read_as<float>(rate[2]), 2e-4f);
}

TEST(EventWriter, Images) {
  const TemporaryDirectory directory;
  const at::Tensor image = at::randint(256, {3, 20, 31}, at::kByte);
  {
    EventWriter writer(directory.path());
    writer.add_image("samples", image, 7);
  }  // closing flushes
  const auto records = records_of(read_bytes(only_file(directory.path())));
  ASSERT_EQ(records.size(), 2u);
  auto event = fields_of(records[1]);
  EXPECT_EQ(read_as<int64_t>(event[2]), 7);
  auto value = fields_of(fields_of(event[5])[1]);
  EXPECT_EQ(value[1], "samples");
  auto body = fields_of(value[4]);
  EXPECT_EQ(read_as<int64_t>(body[1]), 20);
  EXPECT_EQ(read_as<int64_t>(body[2]), 31);
  EXPECT_EQ(read_as<int64_t>(body[3]), 3);
  EXPECT_EQ(body[4], encode_png(image));
}

TEST(EventWriter, TwoOfOneSecondKeepBothTheirEvents) {
  const TemporaryDirectory directory;
  EventWriter(directory.path()).add_scalar("a", 1, 1);
  EventWriter(directory.path()).add_scalar("b", 2, 2);
  size_t records = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    records += records_of(read_bytes(entry.path())).size();
  }
  EXPECT_EQ(records, 4u);
}

// As TensorBoard's event_accumulator.py reads a folder: file by file, and a SessionLog START drops what was
// read of its step and of later ones.
TEST(EventWriter, AWriterThatGoesOnTakesBackTheStepsThatAreWrittenAgain) {
  const TemporaryDirectory directory;
  {
    EventWriter killed(directory / "1");
    for (const int64_t step : {1, 2, 3, 4}) killed.add_scalar("loss", 1, step);
  }
  {
    EventWriter resumed(directory / "2", 3);
    for (const int64_t step : {3, 4}) resumed.add_scalar("loss", 2, step);
  }
  std::vector<std::pair<int64_t, float>> shown;
  for (const char* folder : {"1", "2"}) {
    for (const std::string& record : records_of(read_bytes(only_file(directory / folder)))) {
      auto event = fields_of(record);
      const int64_t step = event.contains(2) ? read_as<int64_t>(event[2]) : 0;
      if (event.contains(7)) {
        EXPECT_EQ(read_as<int64_t>(fields_of(event[7])[1]), 1);  // SessionLog.START
        std::erase_if(shown, [&](const auto& point) { return point.first >= step; });
      } else if (event.contains(5)) {
        shown.emplace_back(step, read_as<float>(fields_of(fields_of(event[5])[1])[2]));
      }
    }
  }
  EXPECT_EQ(shown, (std::vector<std::pair<int64_t, float>>{{1, 1}, {2, 1}, {3, 2}, {4, 2}}));
}

TEST(TruncateEvents, EveryStepStaysOnceAndACutOffRecordGoes) {
  const TemporaryDirectory directory;
  const auto write = [&](const char* folder, std::vector<int64_t> steps, std::optional<int64_t> first) {
    EventWriter writer(directory / folder, first);
    for (const int64_t step : steps) {
      writer.add_scalar("loss", float(step), step);
      writer.add_image("samples", at::full({1, 4, 4}, 7, at::kByte), step);
    }
  };
  write("a", {1, 2, 300}, std::nullopt);
  write("b", {300, 301}, 300);
  write("c", {1, 2}, std::nullopt);
  for (const char* folder : {"a", "b", "c"})  // into one, as a run has them
    std::filesystem::rename(only_file(directory / folder),
                            directory / ("events.out.tfevents." + std::string(folder)));
  const std::string whole = read_bytes(directory / "events.out.tfevents.c");
  testing::write_bytes(directory / "events.out.tfevents.d", whole.substr(0, whole.size() - 9));
  testing::write_bytes(directory / "metrics.jsonl", "{}");

  truncate_events(directory.path(), 2);
  std::map<std::string, std::vector<int64_t>> steps;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (!entry.is_regular_file() || entry.path().filename() == "metrics.jsonl") continue;
    for (const std::string& record : records_of(read_bytes(entry.path()))) {
      auto event = fields_of(record);
      if (event.contains(5)) steps[entry.path().extension()].push_back(read_as<int64_t>(event[2]));
    }
  }
  EXPECT_EQ(steps[".a"], (std::vector<int64_t>{1, 1, 2, 2}));
  EXPECT_FALSE(std::filesystem::exists(directory / "events.out.tfevents.b"));  // nothing of it would stay
  EXPECT_EQ(read_bytes(directory / "events.out.tfevents.c"), whole);
  EXPECT_EQ(steps[".d"], (std::vector<int64_t>{1, 1, 2}));
  EXPECT_EQ(read_bytes(directory / "metrics.jsonl"), "{}");
}

TEST(EventWriter, AFullDiskLeavesNoHalfRecordAndLosesNone) {
  const TemporaryDirectory directory;
  EventWriter writer(directory.path());
  const auto file = only_file(directory.path());
  {
    const testing::FullDisk disk(4096);
    writer.add_image("x", at::randint(256, {3, 64, 64}, at::kByte), 1);
    writer.flush();
    EXPECT_EQ(records_of(read_bytes(file)).size(), 1U);
  }
  writer.add_scalar("y", 1, 2);
  writer.flush();
  EXPECT_EQ(records_of(read_bytes(file)).size(), 3U);
}

TEST(EventWriter, AFolderThatCannotBeMade) {
  const TemporaryDirectory directory;
  testing::write_bytes(directory / "file", "");
  EXPECT_THROW_WITH(EventWriter(directory / "file/logs"), std::runtime_error, "file/logs");
}

}  // namespace
}  // namespace uvic
