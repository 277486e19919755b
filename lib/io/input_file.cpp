#include "io/input_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>

#include "core/errors.h"

namespace uvic {

static_assert(std::endian::native == std::endian::little,
              "tensor files are read and written as they lie in memory");

InputFile::InputFile(const std::filesystem::path& path) : file_(path) {
  check_usage(std::filesystem::is_regular_file(path), name(), ": not a regular file");
}

void InputFile::read(void* data, int64_t bytes) {
  check_usage(file_.read(data, bytes) == bytes, name(), ": the file is truncated (", size(), " bytes)");
}

at::Tensor InputFile::read_tensor(at::IntArrayRef shape, at::ScalarType dtype) {
  at::Tensor tensor = at::empty(shape, at::TensorOptions(dtype));
  read(tensor.mutable_data_ptr(), static_cast<int64_t>(tensor.nbytes()));
  return tensor;
}

std::optional<int64_t> byte_count(at::IntArrayRef shape, int64_t element_size) {
  int64_t bytes = element_size;
  bool empty = false;
  for (const int64_t size : shape) {
    empty |= size == 0;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) return std::nullopt;
  }
  return empty ? 0 : bytes;
}

}  // namespace uvic
