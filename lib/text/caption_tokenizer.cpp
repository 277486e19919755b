#include "text/caption_tokenizer.h"

#include <ATen/ops/empty.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cstdint>

#include "core/errors.h"
#include "core/text.h"
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
  Sha256 hash;
  hash.add(c10::str(tokenizer_->fingerprint(), ' ', length_, ' ', pad_));
  fingerprint_ = hash.hex();
}

CaptionRow CaptionTokenizer::encode(std::string_view text) const {
  if (const auto invalid = first_invalid_utf8(text))
    usage_error("caption '", text, "' is not UTF-8: ", utf8_problem(text, *invalid));
  const auto tokens = tokenizer_->encode(text);
  const auto room = size_t(length_ - 1 - int64_t(tokenizer_->bos() >= 0));
  CaptionRow row{{}, tokens.size() > room};
  row.ids.reserve(size_t(length_));
  if (tokenizer_->bos() >= 0) row.ids.push_back(int32_t(tokenizer_->bos()));
  for (size_t i = 0; i < std::min(tokens.size(), room); ++i) row.ids.push_back(int32_t(tokens[i]));
  row.ids.push_back(int32_t(tokenizer_->eos()));
  row.ids.resize(size_t(length_), int32_t(pad_));
  return row;
}

at::Tensor CaptionTokenizer::rows(const std::vector<std::string>& texts, int64_t* cut) const {
  at::Tensor ids = at::empty({int64_t(texts.size()), length_}, at::kLong);
  auto* to = ids.mutable_data_ptr<int64_t>();
  int64_t too_long = 0;
  for (const std::string& text : texts) {
    const CaptionRow row = encode(text);
    to = std::copy(row.ids.begin(), row.ids.end(), to);
    too_long += int64_t(row.cut);
  }
  if (cut != nullptr) *cut = too_long;
  return ids;
}

std::string CaptionTokenizer::cut_text(int64_t captions) const {
  return c10::str(count_of(uint64_t(captions), "caption"), captions == 1 ? " is" : " are", " longer than ",
                  length_, " tokens and cut off");
}

std::string CaptionTokenizer::describe() const {
  return c10::str(tokenizer_->name(), ", ", length_, " tokens a caption");
}

}  // namespace uvic
