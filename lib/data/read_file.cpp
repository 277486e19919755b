#include "data/read_file.h"

#include <algorithm>
#include <fstream>

#include "core/errors.h"

namespace uvic {

FileBytes read_file(const std::filesystem::path& path, int64_t most) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  check_usage(file.is_open(), path.string(), ": cannot open this file");
  FileBytes read{.bytes = {}, .file_size = file.tellg()};
  check_usage(read.file_size >= 0, path.string(), ": cannot read this file");
  read.bytes.resize(static_cast<size_t>(std::min(read.file_size, most)));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(read.bytes.data()), std::streamsize(read.bytes.size()));
  check_usage(file.good() || read.bytes.empty(), path.string(), ": cannot read this file");
  return read;
}

}  // namespace uvic
