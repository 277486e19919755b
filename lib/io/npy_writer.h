#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "io/file_handle.h"

namespace uvic {

/// A .npy of float32 that is written row by row, in constant memory, and appears under its name when it is
/// finished. Errors of writing are std::runtime_error with the path and the system's reason.
class NpyWriter {
 public:
  /// Of at most `shape[0]` rows, C order.
  NpyWriter(std::filesystem::path path, std::vector<int64_t> shape);
  /// Removes what is not finished.
  ~NpyWriter();
  NpyWriter(const NpyWriter&) = delete;
  NpyWriter& operator=(const NpyWriter&) = delete;

  /// float32 [n, ...] on the CPU.
  void append(const at::Tensor& rows);
  /// Of as many rows as there are.
  void finish();

 private:
  std::filesystem::path path_, part_;
  std::vector<int64_t> shape_;
  FileHandle file_;
  size_t head_size_;
  uint64_t bytes_ = 0;  // of the rows
  int64_t rows_ = 0;
  bool finished_ = false;
};

}  // namespace uvic
