// Captions as rows of token ids of one length, which is what a text encoder takes.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace uvic {

/// Thread-safe.
class CaptionTokenizer {
 public:
  /// `length`: tokens of a row. `pad`: what fills it up; -1: what the tokenizer says.
  CaptionTokenizer(std::shared_ptr<const Tokenizer> tokenizer, int64_t length, int64_t pad = -1);

  int64_t length() const { return length_; }
  int64_t vocab_size() const { return tokenizer_->vocab_size(); }
  /// What begins a text, if there is such a token, its tokens, what ends it, padding. A text that is too long
  /// loses its last tokens; what ends it stays. UsageError for invalid UTF-8.
  std::vector<int32_t> row(std::string_view text) const;
  /// Whether a text is too long.
  bool cuts(std::string_view text) const;
  /// Of the tokenizer, the length and the padding.
  std::string fingerprint() const;
  /// "bytes, 48 tokens a caption".
  std::string describe() const;

 private:
  std::vector<int64_t> tokens_of(std::string_view text) const;
  int64_t room() const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  int64_t length_, pad_;
};

}  // namespace uvic
