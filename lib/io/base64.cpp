#include "io/base64.h"

#include <openssl/evp.h>

namespace uvic {

// OpenSSL takes lengths as ints: in pieces of whole triples.
std::string base64(std::string_view bytes) {
  constexpr size_t kPiece = 3 << 20;
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::string_view piece = bytes.substr(at, kPiece);
    const size_t begin = text.size(), length = (piece.size() + 2) / 3 * 4;
    text.resize(begin + length + 1);  // it writes a zero behind
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + begin),
                    reinterpret_cast<const unsigned char*>(piece.data()), int(piece.size()));
    text.resize(begin + length);
  }
  return text;
}

}  // namespace uvic
