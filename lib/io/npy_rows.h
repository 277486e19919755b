#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>

#include "io/mapped_file.h"
#include "io/npy_header.h"

namespace uvic {

/// The header of a .npy that is mapped; `begin`: is set to where its data begin. UsageError as
/// read_npy_header, and if the file ends within the header.
NpyHeader mapped_npy_header(const MappedFile& file, size_t& begin);

/// A .npy of any size, read a row at a time. Thread-safe.
class NpyRows {
 public:
  /// Types as load_npy's. UsageError as there; also for what is in Fortran order or has no rows.
  explicit NpyRows(const std::filesystem::path& path);
  const std::string& name() const { return file_.name(); }
  /// [rows, ...].
  const std::vector<int64_t>& shape() const { return header_.shape; }
  at::ScalarType dtype() const { return header_.dtype; }
  int64_t size() const { return header_.shape[0]; }
  /// [...], a copy.
  at::Tensor row(int64_t index) const;

 private:
  MappedFile file_;
  NpyHeader header_;
  size_t begin_ = 0;  // of the data
};

}  // namespace uvic
