#include "io/part_file.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <unistd.h>

#include <c10/util/Exception.h>

#include <cerrno>
#include <cstddef>

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct LogLine {
  uint64_t size;
  uint32_t crc, sum;  // sum: of the line itself, so that a block of zeros is no line

  static LogLine of(std::string_view record) {
    LogLine line{record.size(), libdeflate_crc32(0, record.data(), record.size()), 0};
    line.sum = line.own_sum();
    return line;
  }
  uint32_t own_sum() const { return ~libdeflate_crc32(0, this, offsetof(LogLine, sum)); }
  bool operator==(const LogLine&) const = default;
};

/// False at the end of the file.
bool read_exactly(int fd, void* data, size_t size, uint64_t offset) {
  auto* out = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = TEMP_FAILURE_RETRY(::pread(fd, out, size, static_cast<off_t>(offset)));
    if (got <= 0) return false;
    out += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return true;
}

fs::path part_of(const fs::path& path) {
  return path.string() + ".part";
}

fs::path log_of(const fs::path& path) {
  return path.string() + ".part.log";
}

}  // namespace

PartFile::PartFile(fs::path path, uint64_t head_size)
    : path_(std::move(path)),
      part_(part_of(path_)),
      log_(log_of(path_)),
      head_size_(head_size),
      bytes_(head_size) {
  part_file_ = open_file(part_, O_RDWR | O_CREAT, path_);
  lock_file(part_file_.get(), path_, path_.string() + ": another process is writing it");
  log_file_ = open_file(log_, O_RDWR | O_CREAT, path_);
}

PartFile::~PartFile() {
  if (!log_file_.is_open() || records_ > 0) return;
  std::error_code ignored;
  fs::remove(part_, ignored);
  fs::remove(log_, ignored);
}

void PartFile::remove_log_of(const fs::path& path) {
  if (!fs::exists(part_of(path))) fs::remove(log_of(path));
}

void PartFile::recover(const std::function<bool(std::string_view)>& accept) {
  const uint64_t present = fs::file_size(part_);
  std::string record;
  LogLine line{};
  while (read_exactly(log_file_.get(), &line, sizeof line, records_ * sizeof line)) {
    if (line.sum != line.own_sum() || bytes_ + line.size > present) break;
    record.resize(line.size);
    if (!read_exactly(part_file_.get(), record.data(), record.size(), bytes_)) break;
    if (LogLine::of(record) != line || !accept(record)) break;
    bytes_ += line.size;
    ++records_;
  }
  cut(bytes_, records_);
}

void PartFile::cut(uint64_t bytes, uint64_t records) {
  if (::ftruncate(part_file_.get(), static_cast<off_t>(bytes)) != 0) fail_to_write(path_, errno);
  if (::ftruncate(log_file_.get(), static_cast<off_t>(records * sizeof(LogLine))) != 0)
    fail_to_write(path_, errno);
}

void PartFile::append(std::string_view record) {
  write_at(part_file_.get(), record, bytes_, path_);
  const LogLine line = LogLine::of(record);
  write_at(log_file_.get(), {reinterpret_cast<const char*>(&line), sizeof line}, records_ * sizeof line,
           path_);
  bytes_ += record.size();
  ++records_;
}

void PartFile::commit(std::string_view head, std::string_view tail) {
  TORCH_CHECK(head.size() == head_size_, "PartFile: a head of ", head.size(), " bytes, not ", head_size_);
  write_at(part_file_.get(), head, 0, path_);
  write_at(part_file_.get(), tail, bytes_, path_);
  if (TEMP_FAILURE_RETRY(::fsync(part_file_.get())) != 0) fail_to_write(path_, errno);
  if (::rename(part_.c_str(), path_.c_str()) != 0) fail_to_write(path_, errno);
  sync_to_disk(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
  std::error_code ignored;
  fs::remove(log_, ignored);
  log_file_.close();
}

}  // namespace uvic
