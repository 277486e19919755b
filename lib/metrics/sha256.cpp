#include "metrics/sha256.h"

#include <c10/util/Exception.h>
#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <vector>

#include "core/errors.h"

namespace uvic {

std::string file_sha256(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  check_usage(file.is_open() && !std::filesystem::is_directory(path), path.string(),
              ": cannot read this file");
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool ok = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> buffer(1 << 20);
  while (ok && file) {
    file.read(buffer.data(), std::streamsize(buffer.size()));
    ok = EVP_DigestUpdate(context.get(), buffer.data(), size_t(file.gcount())) == 1;
  }
  check_usage(file.eof(), path.string(), ": cannot read this file");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  TORCH_CHECK(ok && EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1, "SHA-256 failed");
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", digest[i]);
    text += hex;
  }
  return text;
}

}  // namespace uvic
