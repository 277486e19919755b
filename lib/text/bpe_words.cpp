#include "text/bpe_words.h"

#include <algorithm>

namespace uvic {
namespace {

constexpr size_t kMostCached = 1 << 16, kLongestCached = 64;  // words; bytes of one

}  // namespace

BpeWords::BpeWords(Parts parts)
    : pattern_(parts.pattern), bytes_(parts.bytes), last_(parts.last), merges_(std::move(parts.merges)) {
  if (parts.inner) inner_.emplace(*parts.inner);
}

BpeWords::Scratch::Scratch(const BpeWords& words) : matcher(words.pattern_) {
  if (words.inner_) inner.emplace(*words.inner_);
}

std::unique_ptr<BpeWords::Scratch> BpeWords::take() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Scratch>(*this);
  std::unique_ptr<Scratch> scratch = std::move(idle_.back());
  idle_.pop_back();
  return scratch;
}

void BpeWords::encode(std::string_view text, std::vector<int64_t>& tokens) const {
  std::unique_ptr<Scratch> scratch = take();
  scratch->matcher.for_each(text, [&](std::string_view word) {
    const std::vector<int32_t>& found = tokens_of(word, *scratch);
    tokens.insert(tokens.end(), found.begin(), found.end());
  });
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(scratch));
}

const std::vector<int32_t>& BpeWords::tokens_of(std::string_view word, Scratch& scratch) const {
  if (const auto known = scratch.cache.find(word); known != scratch.cache.end()) return known->second;
  scratch.tokens.clear();
  if (scratch.inner) {
    scratch.inner->for_each(word, [&](std::string_view part) { add_merged(part, scratch); });
  } else {
    add_merged(word, scratch);
  }
  if (word.size() > kLongestCached) return scratch.tokens;
  if (scratch.cache.size() >= kMostCached) scratch.cache.clear();
  return scratch.cache.emplace(std::string(word), scratch.tokens).first->second;
}

void BpeWords::add_merged(std::string_view word, Scratch& scratch) const {
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  std::vector<int32_t>& symbols = scratch.word;
  symbols.resize(word.size());
  std::transform(word.begin(), word.end(), symbols.begin(), [&](char c) { return bytes_[byte(c)]; });
  symbols.back() = last_[byte(word.back())];
  merges_.apply(symbols);
  scratch.tokens.insert(scratch.tokens.end(), symbols.begin(), symbols.end());
}

}  // namespace uvic
