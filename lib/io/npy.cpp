#include "io/npy.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "io/atomic_file.h"
#include "io/content_kind.h"
#include "io/input_file.h"
#include "io/npy_header.h"

namespace uvic {

void save_npy(const std::filesystem::path& path, const at::Tensor& tensor) {
  const std::string header = npy_header(tensor.scalar_type(), tensor.sizes());
  const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
  write_file_atomically(path, [&](std::ostream& stream) {
    stream << header;
    stream.write(static_cast<const char*>(values.const_data_ptr()),
                 static_cast<std::streamsize>(values.nbytes()));
  });
}

at::Tensor load_npy(const std::filesystem::path& path) {
  InputFile file(path);
  std::string start(size_t(std::min(file.size(), kContentBytes)), '\0');
  file.read(start.data(), int64_t(start.size()));
  if (!start.starts_with("\x93NUMPY")) refuse_content(start, file.size(), file.name(), "a .npy file");
  file.seek(0);
  int64_t present = file.size();
  const ReadBytes read = [&](void* data, int64_t bytes) {
    file.read(data, bytes);
    present -= bytes;
  };
  const NpyHeader header = read_npy_header(read, file.name());
  check_npy_fits(header, present, file.name());
  return read_npy_data(header, read);
}

}  // namespace uvic
