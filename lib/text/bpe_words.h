// Byte-pair encoding of words: what GPT-2's tokenizer and CLIP's have in common.
#pragma once
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/bpe_merges.h"
#include "text/word_pattern.h"

namespace uvic {

/// The tokens that the 256 bytes have.
using ByteTokens = std::array<int32_t, 256>;

/// Parts text into words and each into tokens. Thread-safe.
class BpeWords {
 public:
  /// Words are what `pattern` matches, or, with `inner`, what that matches within those. A word's bytes are
  /// `bytes`, its last one is of `last`; `merges` then merge them.
  struct Parts {
    std::string pattern;
    std::optional<std::string> inner = {};
    ByteTokens bytes, last;
    BpeMerges merges;
  };
  explicit BpeWords(Parts parts);

  /// Adds the tokens of a text, which must be UTF-8.
  void encode(std::string_view text, std::vector<int64_t>& tokens) const;

 private:
  /// So that words are found by views.
  struct HashText {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  /// What a call needs for itself: taken from those that are idle, and given back.
  struct Scratch {
    explicit Scratch(const BpeWords& words);
    WordPattern::Matcher matcher;
    std::optional<WordPattern::Matcher> inner;
    std::unordered_map<std::string, std::vector<int32_t>, HashText, std::equal_to<>> cache;
    std::vector<int32_t> tokens, word;
  };
  std::unique_ptr<Scratch> take() const;
  const std::vector<int32_t>& tokens_of(std::string_view word, Scratch& scratch) const;
  void add_merged(std::string_view word, Scratch& scratch) const;

  WordPattern pattern_;
  std::optional<WordPattern> inner_;
  ByteTokens bytes_, last_;
  BpeMerges merges_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace uvic
