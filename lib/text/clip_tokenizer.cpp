#include "text/clip_tokenizer.h"

#include <algorithm>

#include "core/errors.h"
#include "io/digests.h"
#include "io/unicode.h"
#include "text/bpe_words.h"
#include "text/clip_files.h"
#include "text/utf8.h"

namespace uvic {
namespace {

using Specials = std::vector<SpecialToken>;

// White space is Unicode's property, see kGpt2Words. transformers parts by kGpt2Words what this has found:
// nothing is left to part but a special token's name that only the small letters have made.
const char* const kClipWords =
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{Z}\t-\r\x{85}\p{L}\p{N}]+)";

/// Calls `plain` for the text between special tokens and `take` for each of those, from left to right; of
/// names that begin at one place the longest counts.
template <class Plain, class Take>
void part(std::string_view text, const Specials& specials, const Plain& plain, const Take& take) {
  while (!text.empty()) {
    const SpecialToken* next = nullptr;
    size_t at = text.size();
    for (const SpecialToken& special : specials) {
      const size_t found = text.find(special.text);
      const bool longer = next != nullptr && found == at && special.text.size() > next->text.size();
      if (found >= text.size() || (found >= at && !longer)) continue;
      next = &special;
      at = found;
    }
    if (at > 0) plain(text.substr(0, at));
    if (next == nullptr) return;
    take(next->number);
    text.remove_prefix(at + next->text.size());
  }
}

class ClipTokenizer : public Tokenizer {
 public:
  ClipTokenizer(BpeFiles files, const std::filesystem::path& folder)
      : pieces_(byte_pieces(files, folder.string(), kClipWordEnd)) {
    const ClipSpecials specials = read_clip_specials(folder, files);
    bos_ = specials.bos.number;
    eos_ = specials.eos.number;
    pad_ = specials.pad.number;
    for (const SpecialToken* special : {&specials.bos, &specials.eos, &specials.pad}) add_special(*special);
    for (const SpecialToken& special : specials.others) add_special(special);
    fingerprint_ = fingerprint_of(files);
    words_.emplace(BpeWords::Parts{.pattern = kClipWords,
                                   .inner = kGpt2Words,
                                   .bytes = byte_tokens(files, "", folder.string()),
                                   .last = byte_tokens(files, kClipWordEnd, folder.string()),
                                   .merges = std::move(files.merges)});
  }

  std::string name() const override { return "clip"; }
  int64_t vocab_size() const override { return int64_t(pieces_.size()); }
  int64_t bos() const override { return bos_; }
  int64_t eos() const override { return eos_; }
  int64_t pad() const override { return pad_; }
  bool needs_utf8() const override { return true; }
  std::string fingerprint() const override { return fingerprint_; }
  // No word holds white space, and nothing is composed with it.
  size_t cut(std::string_view text) const override { return last_white_space_behind_word(text); }
  std::string piece(int64_t token) const override {
    check_token(token);
    return pieces_[size_t(token)];
  }

 private:
  void add_special(const SpecialToken& special) {
    const auto same = [&](const SpecialToken& other) { return other.number == special.number; };
    if (std::none_of(specials_.begin(), specials_.end(), same)) specials_.push_back(special);
  }
  // What a folder says of the two that every text has makes no difference worth another fingerprint.
  std::string fingerprint_of(const BpeFiles& files) const {
    std::vector<int32_t> others;
    for (const SpecialToken& special : specials_) {
      if (special.number != bos_ && special.number != eos_) others.push_back(special.number);
    }
    std::sort(others.begin(), others.end());
    Sha256 hash;
    hash.add(c10::str(name(), ' ', files.fingerprint, ' ', bos(), ' ', eos()));
    for (const int32_t number : others) hash.add(c10::str(' ', number));
    return hash.hex();
  }
  std::vector<int64_t> tokens_of(std::string_view text, bool /*goes_on*/) const override {
    std::vector<int64_t> tokens;
    part(
        text, specials_,
        [&](std::string_view plain) { words_->encode(lower_cased(normalised(std::string(plain))), tokens); },
        [&](int32_t special) { tokens.push_back(special); });
    return tokens;
  }

  std::vector<std::string> pieces_;  // the text of each token
  Specials specials_;
  int64_t bos_ = -1, eos_ = -1, pad_ = -1;
  std::optional<BpeWords> words_;
  std::string fingerprint_;
};

}  // namespace

const char* const kClipTokenizerNote =
    "as transformers' CLIPTokenizerFast, its only one since version 5; the older CLIPTokenizer differs where "
    "ftfy mends a text, or, without ftfy, at Chinese and control characters";

std::unique_ptr<Tokenizer> clip_tokenizer(BpeFiles files, const std::filesystem::path& folder) {
  return std::make_unique<ClipTokenizer>(std::move(files), folder);
}

}  // namespace uvic
