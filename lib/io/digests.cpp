#include "io/digests.h"

#include <c10/util/Exception.h>
#include <libdeflate.h>
#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <vector>

#include "io/read_file.h"

namespace uvic {

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  TORCH_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "SHA-256 failed");
}

void Sha256::add(std::string_view bytes) {
  TORCH_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "SHA-256 failed");
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  TORCH_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1, "SHA-256 failed");
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", digest[i]);
    text += digits;
  }
  return text;
}

uint32_t crc32_of(std::string_view bytes, uint32_t so_far) {
  return libdeflate_crc32(so_far, bytes.data(), bytes.size());
}

namespace {

template <class Take>
void read_in_pieces(const std::filesystem::path& path, const Take& take) {
  FileReader file(path);
  std::vector<char> buffer(1 << 20);
  for (int64_t got = 1; got > 0;) {
    got = file.read(buffer.data(), static_cast<int64_t>(buffer.size()));
    take(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
}

}  // namespace

uint32_t file_crc32(const std::filesystem::path& path) {
  uint32_t crc32 = 0;
  read_in_pieces(path, [&](std::string_view piece) { crc32 = crc32_of(piece, crc32); });
  return crc32;
}

FileDigests file_digests(const std::filesystem::path& path) {
  FileDigests digests;
  Sha256 sha256;
  read_in_pieces(path, [&](std::string_view piece) {
    digests.crc32 = crc32_of(piece, digests.crc32);
    sha256.add(piece);
  });
  digests.sha256 = sha256.hex();
  return digests;
}

}  // namespace uvic
