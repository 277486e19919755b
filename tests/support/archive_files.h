// Archives for the tests.
#pragma once
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "io/write_zip.h"
#include "support/support.h"

namespace uvic::testing {

using ArchiveFiles = std::vector<std::pair<std::string, std::string>>;  ///< names and bytes

/// A ZIP of stored entries.
inline void write_zip_of(const std::filesystem::path& path, const ArchiveFiles& files) {
  std::vector<ZipEntry> entries;
  for (const auto& [name, bytes] : files) entries.push_back({name, bytes.data(), int64_t(bytes.size())});
  write_zip(path, entries);
}

/// One ustar header (POSIX.1-1988) of an entry of `size` bytes. `type`: '0' a file, '2' a link to `target`.
inline std::string tar_header(const std::string& name, size_t size, char type = '0',
                              const std::string& target = "") {
  std::string header(512, '\0');
  const auto put = [&](size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  const auto octal = [](size_t value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*zo", digits, value);
    return std::string(text);
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, octal(size, 11));
  put(136, "00000000000");
  put(148, "        ");
  header[156] = type;
  put(157, target);
  put(257, "ustar");
  put(263, "00");
  size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + '\0' + ' ');
  return header;
}

inline std::string tar_entry(const std::string& name, const std::string& content) {
  return tar_header(name, content.size()) + content + std::string((512 - content.size() % 512) % 512, '\0');
}

/// A tar in the oldest of the formats that all programs read.
inline void write_tar(const std::filesystem::path& path, const ArchiveFiles& files) {
  std::string bytes;
  for (const auto& [name, content] : files) bytes += tar_entry(name, content);
  write_bytes(path, bytes + std::string(1024, '\0'));
}

}  // namespace uvic::testing
