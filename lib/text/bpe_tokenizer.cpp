#include "text/bpe_tokenizer.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

#include "core/errors.h"
#include "text/bpe_files.h"
#include "text/byte_symbols.h"
#include "text/utf8.h"
#include "text/word_pattern.h"

namespace uvic {
namespace {

constexpr size_t kMostCached = 1 << 16, kLongestCached = 64;  // words; bytes of one

/// So that words are found by views.
struct HashText {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class BpeTokenizer : public Tokenizer {
 public:
  explicit BpeTokenizer(const std::filesystem::path& path) : words_(kGpt2Words) {
    BpeFiles files = read_bpe_files(path);
    const auto number = [&](const std::string& token) {
      const auto found = files.numbers.find(token);
      return found == files.numbers.end() ? -1 : found->second;
    };
    check_usage(number("a</w>") < 0, path.string(),
                ": is CLIP's kind of vocabulary (words end in </w>), which language models here do not read");
    pieces_.resize(files.tokens.size());
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (!files.made[i]) continue;
      const auto bytes = bytes_of_symbols(files.tokens[i]);
      check_usage(bytes.has_value(), path.string(), ": token \"", files.tokens[i],
                  "\" is not written in the symbols of bytes; is it a byte-level vocabulary?");
      pieces_[i] = *bytes;
    }
    for (size_t byte = 0; byte < symbols_.size(); ++byte) {
      const std::string& symbol = byte_symbols()[byte];
      symbols_[byte] = number(symbol);
      check_usage(symbols_[byte] >= 0, path.string(), ": the vocabulary has no token for byte ", byte, " (\"",
                  symbol, "\"); is it a byte-level one?");
      pieces_[size_t(symbols_[byte])] = std::string(1, static_cast<char>(byte));
    }
    const int32_t end = number("<|endoftext|>");
    bos_ = end >= 0 ? end : number("<s>");
    eos_ = end >= 0 ? end : number("</s>");
    merges_ = std::move(files.merges);
    fingerprint_ = std::move(files.fingerprint);
  }

  std::string name() const override { return "bpe"; }
  int64_t vocab_size() const override { return int64_t(pieces_.size()); }
  int64_t bos() const override { return bos_; }
  int64_t eos() const override { return eos_; }
  bool needs_utf8() const override { return true; }
  std::string fingerprint() const override { return fingerprint_; }
  // Before white space that follows a word: no match of kGpt2Words lies across that, or looks across it.
  size_t cut(std::string_view text) const override {
    for (size_t at = text.size(); at-- > 1;) {
      const bool blank = text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r');
      if (blank && !white_space_before(text, at)) return at;
    }
    return 0;
  }
  std::string piece(int64_t token) const override {
    check_token(token);
    return pieces_[size_t(token)];
  }

 private:
  /// What a call needs for itself: taken from those that are idle, and given back.
  struct Scratch {
    explicit Scratch(const WordPattern& words) : matcher(words) {}
    WordPattern::Matcher matcher;
    std::unordered_map<std::string, std::vector<int32_t>, HashText, std::equal_to<>> cache;
    std::vector<int32_t> symbols;
  };

  std::vector<int64_t> tokens_of(std::string_view text, bool /*goes_on*/) const override {
    std::unique_ptr<Scratch> scratch = take();
    std::vector<int64_t> tokens;
    tokens.reserve(text.size() / 3);
    scratch->matcher.for_each(text, [&](std::string_view word) {
      const std::vector<int32_t>& merged = tokens_of_word(word, *scratch);
      tokens.insert(tokens.end(), merged.begin(), merged.end());
    });
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(scratch));
    return tokens;
  }
  std::unique_ptr<Scratch> take() const {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Scratch>(words_);
    std::unique_ptr<Scratch> scratch = std::move(idle_.back());
    idle_.pop_back();
    return scratch;
  }
  const std::vector<int32_t>& tokens_of_word(std::string_view word, Scratch& scratch) const {
    if (const auto known = scratch.cache.find(word); known != scratch.cache.end()) return known->second;
    std::vector<int32_t>& symbols = scratch.symbols;
    symbols.resize(word.size());
    std::transform(word.begin(), word.end(), symbols.begin(),
                   [&](char c) { return symbols_[static_cast<unsigned char>(c)]; });
    merges_.apply(symbols);
    if (word.size() > kLongestCached) return symbols;
    if (scratch.cache.size() >= kMostCached) scratch.cache.clear();
    return scratch.cache.emplace(std::string(word), symbols).first->second;
  }

  WordPattern words_;
  BpeMerges merges_;
  std::array<int32_t, 256> symbols_{};  // the token of each byte
  std::vector<std::string> pieces_;     // the bytes of each token
  int64_t bos_ = -1, eos_ = -1;
  std::string fingerprint_;
  mutable std::mutex mutex_;  // of idle_
  mutable std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace

std::unique_ptr<Tokenizer> open_bpe(const std::filesystem::path& either) {
  return std::make_unique<BpeTokenizer>(either);
}

}  // namespace uvic
