// Captions as rows of token ids of one length, which is what a text encoder takes.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace uvic {

struct CaptionRow {
  std::vector<int32_t> ids;
  bool cut = false;  ///< the text was too long
};

/// Thread-safe.
class CaptionTokenizer {
 public:
  /// `length`: tokens of a row. `pad`: what fills it up; -1: what the tokenizer says.
  CaptionTokenizer(std::shared_ptr<const Tokenizer> tokenizer, int64_t length, int64_t pad = -1);

  int64_t length() const { return length_; }
  int64_t vocab_size() const { return tokenizer_->vocab_size(); }
  /// What begins a text, if there is such a token, its tokens, what ends it, padding. A text that is too long
  /// loses its last tokens; what ends it stays. UsageError for invalid UTF-8.
  CaptionRow encode(std::string_view text) const;
  std::vector<int32_t> row(std::string_view text) const { return encode(text).ids; }
  /// The rows of many, int64 [texts, length]; `cut`: is set to how many of them were too long.
  at::Tensor rows(const std::vector<std::string>& texts, int64_t* cut = nullptr) const;
  /// Of the tokenizer, the length and the padding.
  const std::string& fingerprint() const { return fingerprint_; }
  /// "3 captions are longer than 48 tokens and cut off".
  std::string cut_text(int64_t captions) const;
  /// "bytes, 48 tokens a caption".
  std::string describe() const;

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  int64_t length_, pad_;
  std::string fingerprint_;
};

}  // namespace uvic
