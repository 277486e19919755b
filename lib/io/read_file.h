// The one way to read a file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/errors.h"
#include "io/file_handle.h"

namespace uvic {

/// "PATH: cannot read this file: the system's reason": no word on what the file holds.
struct UnreadableFile : UsageError {
  using UsageError::UsageError;
};

/// A file read front to back; also a pipe, or another thing with no size.
class FileReader {
 public:
  /// This and the others: UnreadableFile.
  explicit FileReader(const std::filesystem::path& path);
  /// Fills `data` as far as the file goes; returns how many bytes that was.
  int64_t read(void* data, int64_t bytes);
  /// Goes on reading at byte `offset` of a file that has a size.
  void seek(int64_t offset);
  const std::string& name() const { return name_; }
  /// 0 for what has no size.
  int64_t size() const { return size_; }

 private:
  std::string name_;
  FileHandle file_;
  int64_t size_ = 0;
};

struct FileBytes {
  std::vector<uint8_t> bytes;  ///< the file's first ones
  int64_t file_size = 0;
};

/// Up to `most` bytes from the start of a file.
FileBytes read_file(const std::filesystem::path& path, int64_t most = std::numeric_limits<int64_t>::max());

/// The last bytes of a regular file, `most` or all there are.
std::vector<uint8_t> read_last(const std::filesystem::path& path, int64_t most);

/// All of a file, as text or for those who take their bytes in a string. UsageError also for a Git LFS
/// pointer, which is nobody's text.
std::string read_text(const std::filesystem::path& path);

}  // namespace uvic
