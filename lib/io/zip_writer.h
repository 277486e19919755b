// Writing ZIP archives of stored entries (libzip).
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

/// One entry to write; `data` must live until write_zip returns.
struct ZipEntry {
  std::string name;
  const void* data = nullptr;
  int64_t size = 0;
};

/// Writes atomically. Every entry's data start at a multiple of 64 bytes, by a padding field "FB" in front of
/// them, as torch.save does it. The bytes depend on the arguments alone (all dates are 1980-01-01).
void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries);

}  // namespace uvic
