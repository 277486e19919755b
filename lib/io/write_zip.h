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

/// Writes a ZIP archive of stored entries atomically, their data at multiples of 64 bytes. The bytes depend on
/// the arguments alone.
void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries);

}  // namespace uvic
