// The bytes of a data file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

namespace uvic {

struct FileBytes {
  std::vector<uint8_t> bytes;  ///< the file's first ones
  int64_t file_size = 0;
};

/// Up to `most` bytes from the start of a file. UsageError, naming it, if it cannot be opened or read.
FileBytes read_file(const std::filesystem::path& path, int64_t most = std::numeric_limits<int64_t>::max());

}  // namespace uvic
