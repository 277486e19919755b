#include "io/npy_writer.h"

#include <ATen/ATen.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#include "core/dtype.h"
#include "io/atomic_file.h"
#include "io/npy_header.h"

namespace uvic {
namespace {

// A header of exactly `size` bytes: more blanks before its end, and so many more in its length, bytes 8
// and 9.
std::string header_of_size(const std::vector<int64_t>& shape, size_t size) {
  std::string header = npy_header(at::kFloat, shape);
  if (header.size() < size) header.insert(header.size() - 1, size - header.size(), ' ');
  const size_t length = header.size() - 10;
  header[8] = char(length & 0xFF);
  header[9] = char(length >> 8);
  return header;
}

}  // namespace

NpyWriter::NpyWriter(std::filesystem::path path, std::vector<int64_t> shape)
    : path_(std::move(path)),
      part_(temporary_beside(path_)),
      shape_(std::move(shape)),
      head_size_(npy_header(at::kFloat, shape_).size()) {
  check_replaceable(path_);
  remove_temporaries_of(path_);
  file_ = open_file(part_, O_CREAT | O_TRUNC | O_WRONLY, path_);
}

NpyWriter::~NpyWriter() {
  std::error_code ignored;
  if (!finished_) std::filesystem::remove(part_, ignored);
}

void NpyWriter::append(const at::Tensor& rows) {
  const at::Tensor data = rows.contiguous();
  TORCH_CHECK(data.scalar_type() == at::kFloat && data.sizes().slice(1) == at::IntArrayRef(shape_).slice(1) &&
                  rows_ + data.size(0) <= shape_[0],
              "NpyWriter: ", dtype_name(data.scalar_type()), " ", data.sizes(), " behind row ", rows_, " of ",
              shape_);
  write_at(file_.get(), {static_cast<const char*>(data.const_data_ptr()), data.nbytes()}, head_size_ + bytes_,
           path_);
  bytes_ += data.nbytes();
  rows_ += data.size(0);
}

void NpyWriter::finish() {
  shape_[0] = rows_;
  write_at(file_.get(), header_of_size(shape_, head_size_), 0, path_);
  sync_to_disk(part_);
  if (std::rename(part_.c_str(), path_.c_str()) != 0) fail_to_write(path_, errno);
  finished_ = true;
}

}  // namespace uvic
