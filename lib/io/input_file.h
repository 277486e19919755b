// What the readers of tensor files share.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "io/read_file.h"

namespace uvic {

/// A regular file of which exactly what is asked for is read. UsageError, naming the file, also if it ends
/// early.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  void read(void* data, int64_t bytes);
  /// What is read next begins at byte `offset`.
  void seek(int64_t offset) { file_.seek(offset); }
  /// The next bytes as a contiguous CPU tensor that owns its memory.
  at::Tensor read_tensor(at::IntArrayRef shape, at::ScalarType dtype);
  const std::string& name() const { return file_.name(); }
  int64_t size() const { return file_.size(); }

 private:
  FileReader file_;
};

/// Bytes of a tensor; nullopt beyond int64, also where only a zero among the sizes would hide that.
std::optional<int64_t> byte_count(at::IntArrayRef shape, int64_t element_size);

}  // namespace uvic
