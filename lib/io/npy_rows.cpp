#include "io/npy_rows.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/content_kind.h"

namespace uvic {

NpyRows::NpyRows(const std::filesystem::path& path) : file_(path) {
  const std::string_view bytes = file_.bytes();
  if (!bytes.starts_with("\x93NUMPY"))
    refuse_content(std::string(bytes.substr(0, size_t(kContentBytes))), int64_t(bytes.size()), name(),
                   "a .npy file");
  header_ = read_npy_header(
      [&](void* data, int64_t count) {
        check_usage(bytes.size() - begin_ >= size_t(count), name(), ": ends within its header");
        std::memcpy(data, bytes.data() + begin_, size_t(count));
        begin_ += size_t(count);
      },
      name());
  check_usage(!header_.shape.empty() && !header_.fortran_order, name(), ": must be an array of rows",
              header_.fortran_order ? " in C order" : "");
  check_usage(header_.bytes == int64_t(bytes.size() - begin_), name(), ": shape ",
              at::IntArrayRef(header_.shape), " of ", dtype_name(header_.dtype), " does not fit the ",
              bytes.size() - begin_, " bytes of data; the file may be truncated");
}

at::Tensor NpyRows::row(int64_t index) const {
  TORCH_CHECK(0 <= index && index < size(), "no row ", index, " of ", size());
  at::Tensor row = at::empty(at::IntArrayRef(header_.shape).slice(1), at::TensorOptions(header_.dtype));
  std::memcpy(row.mutable_data_ptr(), file_.bytes().data() + begin_ + size_t(index) * row.nbytes(),
              row.nbytes());
  return row;
}

}  // namespace uvic
