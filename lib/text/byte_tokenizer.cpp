#include "text/byte_tokenizer.h"

#include <algorithm>

#include "core/errors.h"
#include "io/digests.h"

namespace uvic {
namespace {

constexpr int64_t kBos = 1, kEos = 2, kSpecial = 3;  // 0: padding

class ByteTokenizer : public Tokenizer {
 public:
  std::string name() const override { return "bytes"; }
  int64_t vocab_size() const override { return kSpecial + 256; }
  int64_t bos() const override { return kBos; }
  int64_t eos() const override { return kEos; }
  bool needs_utf8() const override { return false; }
  std::string fingerprint() const override {
    Sha256 hash;
    hash.add(name());
    return hash.hex();
  }
  size_t cut(std::string_view text) const override { return text.size(); }
  std::string piece(int64_t token) const override {
    check_token(token);
    return token < kSpecial ? std::string() : std::string(1, static_cast<char>(token - kSpecial));
  }

 private:
  std::vector<int64_t> tokens_of(std::string_view text, bool /*goes_on*/) const override {
    std::vector<int64_t> tokens(text.size());
    std::transform(text.begin(), text.end(), tokens.begin(),
                   [](char c) { return static_cast<unsigned char>(c) + kSpecial; });
    return tokens;
  }
};

}  // namespace

std::unique_ptr<Tokenizer> byte_tokenizer() {
  return std::make_unique<ByteTokenizer>();
}

}  // namespace uvic
