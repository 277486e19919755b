// What the readers of tensor files share.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace uvic {

/// A file read front to back. UsageError, naming the file, if it cannot be opened or ends early.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  void read(void* data, int64_t bytes);
  /// The next bytes as a contiguous CPU tensor that owns its memory.
  at::Tensor read_tensor(at::IntArrayRef shape, at::ScalarType dtype);
  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }

 private:
  std::string name_;
  std::ifstream stream_;
  int64_t size_ = 0;
};

/// Bytes of a tensor; nullopt beyond int64, also where only a zero among the sizes would hide that.
std::optional<int64_t> byte_count(at::IntArrayRef shape, int64_t element_size);

}  // namespace uvic
