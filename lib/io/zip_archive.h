// Zip archives of stored (uncompressed) entries, as torch.save writes them. By libzip.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct zip;

namespace uvic {

/// An archive to read. UsageError, naming the file, if it is missing, no zip archive, or truncated.
class ZipReader {
 public:
  explicit ZipReader(const std::filesystem::path& path);

  const std::vector<std::string>& names() const { return names_; }
  /// Bytes of an entry; nullopt if there is none of that name.
  std::optional<int64_t> size(const std::string& name) const;
  /// The whole entry into `data`, which has room for size(name) bytes; its CRC is checked. UsageError names
  /// the entry if it is missing, compressed or damaged.
  void read(const std::string& name, void* data) const;
  std::string read(const std::string& name) const;

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };
  std::string file_;
  std::unique_ptr<zip, Discard> archive_;
  std::vector<std::string> names_;
};

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
