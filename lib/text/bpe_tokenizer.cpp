#include "text/bpe_tokenizer.h"

#include "core/errors.h"
#include "text/bpe_files.h"
#include "text/bpe_words.h"
#include "text/clip_files.h"
#include "text/clip_tokenizer.h"
#include "text/utf8.h"

namespace uvic {
namespace {

class BpeTokenizer : public Tokenizer {
 public:
  BpeTokenizer(BpeFiles files, const std::string& source) : pieces_(byte_pieces(files, source)) {
    const int32_t end = files.number("<|endoftext|>");
    bos_ = end >= 0 ? end : files.number("<s>");
    eos_ = end >= 0 ? end : files.number("</s>");
    const ByteTokens bytes = byte_tokens(files, "", source);
    fingerprint_ = std::move(files.fingerprint);
    words_.emplace(BpeWords::Parts{
        .pattern = kGpt2Words, .bytes = bytes, .last = bytes, .merges = std::move(files.merges)});
  }

  std::string name() const override { return "bpe"; }
  int64_t vocab_size() const override { return int64_t(pieces_.size()); }
  int64_t bos() const override { return bos_; }
  int64_t eos() const override { return eos_; }
  bool needs_utf8() const override { return true; }
  std::string fingerprint() const override { return fingerprint_; }
  // No match of kGpt2Words lies across that, or looks across it.
  size_t cut(std::string_view text) const override { return last_white_space_behind_word(text); }
  std::string piece(int64_t token) const override {
    check_token(token);
    return pieces_[size_t(token)];
  }

 private:
  std::vector<int64_t> tokens_of(std::string_view text, bool /*goes_on*/) const override {
    std::vector<int64_t> tokens;
    tokens.reserve(text.size() / 3);
    words_->encode(text, tokens);
    return tokens;
  }

  std::optional<BpeWords> words_;
  std::vector<std::string> pieces_;  // the bytes of each token
  int64_t bos_ = -1, eos_ = -1;
  std::string fingerprint_;
};

}  // namespace

std::unique_ptr<Tokenizer> open_bpe(const std::filesystem::path& either) {
  BpeFiles files = read_bpe_files(either);
  if (is_clip_vocabulary(files)) return clip_tokenizer(std::move(files), either.parent_path());
  return std::make_unique<BpeTokenizer>(std::move(files), either.string());
}

}  // namespace uvic
