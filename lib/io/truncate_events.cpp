#include "io/truncate_events.h"

#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "io/atomic_file.h"
#include "io/tensorboard.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// Longer than any record that is meant: a damaged length is not believed.
constexpr uint64_t kLongestRecord = uint64_t{1} << 31;

template <class T>
T value_at(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Length and its checksum, data and their checksum; empty at the end, also where it is cut short or damaged.
std::string next_record(std::istream& file) {
  std::string record(12, '\0');
  if (!file.read(record.data(), 12)) return "";
  const auto length = value_at<uint64_t>(record);
  if (length > kLongestRecord || value_at<uint32_t>(record.substr(8)) != masked_crc(record.substr(0, 8)))
    return "";
  record.resize(12 + length + 4);
  if (!file.read(record.data() + 12, std::streamsize(length + 4))) return "";
  const std::string_view data = std::string_view(record).substr(12, length);
  if (value_at<uint32_t>(std::string_view(record).substr(12 + length)) != masked_crc(data)) return "";
  return record;
}

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// Field 2 of a tensorflow.Event, nullopt where there is none (the version; also step 0).
std::optional<int64_t> step_of(std::string_view event) {
  while (const auto tag = take_varint(event)) {
    size_t bytes = 0;
    switch (*tag & 7) {
      case 0: {
        const auto value = take_varint(event);
        if (*tag >> 3 == 2 && value) return int64_t(*value);
        continue;
      }
      case 1:
        bytes = 8;
        break;
      case 2:
        bytes = take_varint(event).value_or(event.size());
        break;
      case 5:
        bytes = 4;
        break;
      default:
        return std::nullopt;
    }
    event.remove_prefix(std::min(bytes, event.size()));
  }
  return std::nullopt;
}

void truncate_file(const fs::path& path, int64_t step) {
  std::string kept;
  bool events = false;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return;
  for (std::string record = next_record(file); !record.empty(); record = next_record(file)) {
    const auto of = step_of(std::string_view(record).substr(12, record.size() - 16));
    if (of.value_or(0) > step) continue;
    events |= of.has_value();
    kept += record;
  }
  if (!events) {
    fs::remove(path);
  } else if (kept.size() < fs::file_size(path)) {
    write_file_atomically(path, kept);
  }
}

}  // namespace

void truncate_events(const fs::path& directory, int64_t step) {
  if (!fs::is_directory(directory)) return;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename().string().starts_with("events.out.tfevents."))
      files.push_back(entry.path());
  }
  for (const fs::path& file : files) truncate_file(file, step);
}

}  // namespace uvic
