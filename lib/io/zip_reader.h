// Reading ZIP archives (libzip): stored or deflated, ZIP64, CRCs checked.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct zip;
struct zip_file;

namespace uvic {

class ZipArchive {
 public:
  struct Entry {
    std::string name;  ///< with '/'; a folder's ends in one
    int64_t size = 0;  ///< bytes, unpacked
  };
  /// One entry, front to back.
  class Stream {
   public:
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    /// Exactly `bytes`; reading the last of the entry checks its CRC. UsageError names archive and entry.
    void read(void* data, int64_t bytes);
    /// "set.zip: a/b.png".
    const std::string& name() const { return name_; }
    int64_t left() const { return left_; }

   private:
    friend class ZipArchive;
    Stream(const ZipArchive& archive, size_t index);
    const ZipArchive& archive_;
    std::string name_;
    int64_t left_;
    zip_file* file_;
  };

  /// UsageError: absent, not a ZIP, or entries that say they are larger than the file can hold.
  explicit ZipArchive(const std::filesystem::path& path);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::string& name() const { return name_; }
  /// In the order of the archive's directory.
  const std::vector<Entry>& entries() const { return entries_; }
  /// A whole entry. Thread-safe, as streams are (one thread reads at a time).
  std::vector<uint8_t> read(size_t index) const;
  /// Must not outlive the archive.
  std::unique_ptr<Stream> open(size_t index) const;

 private:
  [[noreturn]] void refuse(int code) const;

  std::string name_;
  zip* archive_ = nullptr;
  std::vector<Entry> entries_;
  mutable std::mutex mutex_;
};

}  // namespace uvic
