// Digests of files and texts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace uvic {

/// SHA-256 by OpenSSL's libcrypto, of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  void add(const void* data, size_t bytes) { add({static_cast<const char*>(data), bytes}); }
  /// 64 hexadecimal digits. Nothing can be added after it.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// zlib's CRC-32 of bytes behind others whose CRC-32 is `so_far`.
uint32_t crc32_of(std::string_view bytes, uint32_t so_far = 0);

/// Those of a file's bytes, which are read once. UsageError as read_file.
uint32_t file_crc32(const std::filesystem::path& path);

struct FileDigests {
  uint32_t crc32 = 0;  ///< zlib's
  std::string sha256;  ///< 64 hexadecimal digits
};

FileDigests file_digests(const std::filesystem::path& path);

}  // namespace uvic
