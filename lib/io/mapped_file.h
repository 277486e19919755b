#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace uvic {

/// A file's bytes as memory, read when they are looked at.
class MappedFile {
 public:
  /// UnreadableFile (io/read_file.h), also for what is no regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {data_, size_}; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  const char* data_ = nullptr;  // null for an empty file
  size_t size_ = 0;
};

}  // namespace uvic
