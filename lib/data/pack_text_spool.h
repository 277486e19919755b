#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "io/file_handle.h"

namespace uvic {

/// Bytes that may be too many for memory: in a file without a name, in the folder of `target`, that is gone
/// with its owner however that ends. Errors are std::runtime_error and name `target`.
class Spool {
 public:
  explicit Spool(const std::filesystem::path& target);
  void append(std::string_view bytes);
  int64_t size() const { return written_ + int64_t(waiting_.size()); }
  uint32_t crc32() const { return crc32_; }
  /// Calls `take` with the bytes `begin` .. `end` - 1, piece by piece.
  void read(int64_t begin, int64_t end, const std::function<void(std::string_view)>& take);

 private:
  void flush();
  std::filesystem::path target_;
  FileHandle file_;
  std::string waiting_;
  int64_t written_ = 0;
  uint32_t crc32_ = 0;
};

}  // namespace uvic
