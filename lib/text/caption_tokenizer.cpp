#include "text/caption_tokenizer.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cstdint>

#include "core/errors.h"
#include "io/digests.h"
#include "text/utf8.h"

namespace uvic {

CaptionTokenizer::CaptionTokenizer(std::shared_ptr<const Tokenizer> tokenizer, int64_t length, int64_t pad)
    : tokenizer_(std::move(tokenizer)), length_(length), pad_(pad < 0 ? tokenizer_->pad() : pad) {
  TORCH_CHECK(tokenizer_->eos() >= 0, "CaptionTokenizer: ", tokenizer_->name(),
              " has no token that ends a text");
  TORCH_CHECK(length_ >= 3, "CaptionTokenizer: rows of ", length_, " tokens; at least 3");
  TORCH_CHECK(pad_ < vocab_size() && vocab_size() <= INT32_MAX, "CaptionTokenizer: ", vocab_size(),
              " tokens, padded by ", pad_);
}

std::vector<int64_t> CaptionTokenizer::tokens_of(std::string_view text) const {
  if (const auto invalid = first_invalid_utf8(text))
    usage_error("caption '", text, "' is not UTF-8: ", utf8_problem(text, *invalid));
  return tokenizer_->encode(text);
}

int64_t CaptionTokenizer::room() const {
  return length_ - 1 - int64_t(tokenizer_->bos() >= 0);
}

std::vector<int32_t> CaptionTokenizer::row(std::string_view text) const {
  const auto tokens = tokens_of(text);
  std::vector<int32_t> row;
  row.reserve(size_t(length_));
  if (tokenizer_->bos() >= 0) row.push_back(int32_t(tokenizer_->bos()));
  const auto kept = std::min(int64_t(tokens.size()), room());
  for (int64_t i = 0; i < kept; ++i) row.push_back(int32_t(tokens[size_t(i)]));
  row.push_back(int32_t(tokenizer_->eos()));
  row.resize(size_t(length_), int32_t(pad_));
  return row;
}

bool CaptionTokenizer::cuts(std::string_view text) const {
  return int64_t(tokens_of(text).size()) > room();
}

std::string CaptionTokenizer::fingerprint() const {
  Sha256 hash;
  hash.add(c10::str(tokenizer_->fingerprint(), ' ', length_, ' ', pad_));
  return hash.hex();
}

std::string CaptionTokenizer::describe() const {
  return c10::str(tokenizer_->name(), ", ", length_, " tokens a caption");
}

}  // namespace uvic
