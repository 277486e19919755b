#include "io/npy_rows.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "core/errors.h"
#include "io/content_kind.h"

namespace uvic {

NpyHeader mapped_npy_header(const MappedFile& file, size_t& begin) {
  const std::string_view bytes = file.bytes();
  begin = 0;
  return read_npy_header(
      [&](void* data, int64_t count) {
        check_usage(size_t(count) <= bytes.size() - begin, file.name(), ": truncated in its header");
        std::memcpy(data, bytes.data() + begin, size_t(count));
        begin += size_t(count);
      },
      file.name());
}

NpyRows::NpyRows(const std::filesystem::path& path) : file_(path) {
  const std::string_view bytes = file_.bytes();
  if (!bytes.starts_with("\x93NUMPY"))
    refuse_content(std::string(bytes.substr(0, size_t(kContentBytes))), int64_t(bytes.size()), name(),
                   "a .npy file");
  header_ = mapped_npy_header(file_, begin_);
  check_usage(!header_.shape.empty() && !header_.fortran_order, name(), ": must be an array of rows",
              header_.fortran_order ? " in C order" : "");
  check_npy_fits(header_, int64_t(bytes.size() - begin_), name());
}

at::Tensor NpyRows::row(int64_t index) const {
  TORCH_CHECK(0 <= index && index < size(), "no row ", index, " of ", size());
  at::Tensor row = at::empty(at::IntArrayRef(header_.shape).slice(1), at::TensorOptions(header_.dtype));
  std::memcpy(row.mutable_data_ptr(), file_.bytes().data() + begin_ + size_t(index) * row.nbytes(),
              row.nbytes());
  return row;
}

}  // namespace uvic
