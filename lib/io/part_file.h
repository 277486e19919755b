// A large file that grows record by record and may be broken off at any moment.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "io/file_handle.h"

namespace uvic {

/// Records go to `PATH.part`, the size and CRC-32 of each to `PATH.part.log`; `commit` makes PATH of them.
/// Neither a kill nor a power failure lets half a record count: what does not match its line of the log is
/// cut off when the file is opened again, with all behind it. So nothing is flushed to disk before `commit`.
/// Errors of writing are std::runtime_error with the path and the system's reason, and leave a file that can
/// be opened again. One process at a time: a second one is a UsageError.
class PartFile {
 public:
  /// The first `head_size` bytes of PATH are no record: `commit` gives them.
  explicit PartFile(std::filesystem::path path, uint64_t head_size = 0);
  /// Removes both files if they hold no record.
  ~PartFile();
  /// Removes the log that a process killed at the end of `commit` has left beside a finished PATH.
  static void remove_log_of(const std::filesystem::path& path);
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Calls `accept` for each whole record of an earlier process, in order; cuts off the first that it
  /// declines (by false) and those behind it. To be called once, before `append`.
  void recover(const std::function<bool(std::string_view record)>& accept);
  void append(std::string_view record);
  /// Writes what comes before and behind the records, flushes to disk, renames to PATH and removes the log.
  void commit(std::string_view head, std::string_view tail);

 private:
  void cut(uint64_t bytes, uint64_t records);
  std::filesystem::path path_, part_, log_;
  FileHandle part_file_, log_file_;
  uint64_t head_size_, bytes_, records_ = 0;  // bytes_: of head and records
};

}  // namespace uvic
