// Where the files of a tar lie in it (libarchive: ustar, pax, GNU and older tars), so that they can be read
// one by one, in any order.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

struct TarEntry {
  std::string name;
  int64_t offset = 0, size = 0;  ///< of its bytes in the archive
};

/// The regular files of a tar, in their order. Links, folders and devices are passed over, so are files with
/// holes (GNU's and pax's sparse ones), whose bytes lie apart. UsageError: no tar, one that is compressed
/// (then files could be read front to back alone), or that ends before an entry does.
std::vector<TarEntry> index_tar(const std::filesystem::path& path);

}  // namespace uvic
