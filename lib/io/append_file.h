// A file that grows while others read it: lines of measurements, TensorBoard events.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "io/file_handle.h"

namespace uvic {

/// What is appended gets into the file whole or not at all. A disk that is full does not end whoever
/// measures: that is a warning, and what could not be written waits in memory and is tried again with what
/// comes next. What waits still at the end is tried a last time; failing that is a line of error.
class AppendFile {
 public:
  /// Opens it, or makes it. std::runtime_error if that cannot be.
  explicit AppendFile(std::filesystem::path path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  /// Into memory; write() hands it on.
  void add(std::string_view bytes) { waiting_ += bytes; }
  /// All that waits, to the system.
  void write();

 private:
  bool try_to_write();
  std::filesystem::path path_;
  FileHandle file_;
  std::string waiting_;
  int error_ = 0;  // of the last try
};

}  // namespace uvic
