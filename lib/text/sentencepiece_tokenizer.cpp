#include "text/sentencepiece_tokenizer.h"

#include <c10/util/Exception.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <charconv>

#include "core/errors.h"
#include "io/content_kind.h"
#include "io/digests.h"
#include "io/read_file.h"
#include "text/utf8.h"

namespace uvic {
namespace {

constexpr std::string_view kBlank = "\xE2\x96\x81";  // U+2581 stands for a blank in pieces

/// The byte of a piece "<0x0A>".
char byte_of(const std::string& piece) {
  int byte = 0;
  std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16);
  return static_cast<char>(byte);
}

std::string with_blanks(std::string piece) {
  for (size_t at = 0; (at = piece.find(kBlank, at)) != std::string::npos; ++at)
    piece.replace(at, kBlank.size(), " ");
  return piece;
}

class SentencePieceTokenizer : public Tokenizer {
 public:
  explicit SentencePieceTokenizer(const std::filesystem::path& path) {
    const std::string bytes = read_text(path);
    const auto status = processor_.LoadFromSerializedProto(bytes);
    if (!status.ok() || processor_.GetPieceSize() == 0)
      refuse_content(bytes, int64_t(bytes.size()), path.string(), "a SentencePiece model");
    Sha256 hash;
    hash.add(bytes);
    fingerprint_ = hash.hex();
    for (int i = 0; i < processor_.GetPieceSize(); ++i) pieces_.push_back(text_of(i));
    after_newline_ = encode_all("\n");
    leading_blanks_ = find_leading_blanks();
  }

  std::string name() const override { return "sentencepiece"; }
  int64_t vocab_size() const override { return int64_t(pieces_.size()); }
  int64_t bos() const override { return processor_.bos_id(); }
  int64_t eos() const override { return processor_.eos_id(); }
  bool needs_utf8() const override { return true; }
  std::string fingerprint() const override { return fingerprint_; }
  LeadingBlanks leading_blanks(int64_t token) const override {
    check_token(token);
    const bool word = !processor_.IsByte(int(token)) && !processor_.IsUnknown(int(token));
    return word ? leading_blanks_ : LeadingBlanks::kKept;
  }
  // Behind a line's end: pieces are made of words within lines. What follows must be no white space, of which
  // a normalisation may make one blank.
  size_t cut(std::string_view text) const override {
    for (size_t at = text.size(); at-- > 1;) {
      if (text[at - 1] == '\n' && word_at(text, at)) return at;
    }
    return 0;
  }
  std::string piece(int64_t token) const override {
    check_token(token);
    return pieces_[size_t(token)];
  }

 private:
  std::string text_of(int token) const {
    if (processor_.IsControl(token) || processor_.IsUnused(token)) return {};
    if (processor_.IsByte(token)) return {byte_of(processor_.IdToPiece(token))};
    if (processor_.IsUnknown(token)) return processor_.DecodeIds(std::vector<int>{token});
    return with_blanks(processor_.IdToPiece(token));
  }
  /// What the library itself does with the blanks of texts of pieces that begin with some.
  LeadingBlanks find_leading_blanks() const {
    for (int i = 0; i < processor_.GetPieceSize(); ++i) {
      const std::string& text = pieces_[size_t(i)];
      const bool plain = !processor_.IsByte(i) && !processor_.IsUnknown(i);
      if (!plain || !text.starts_with(' ') || text.find_first_not_of(' ') != std::string::npos) continue;
      if (processor_.DecodeIds(std::vector<int>{i}) == text) return LeadingBlanks::kKept;
      return processor_.DecodeIds(std::vector<int>{i, i}).empty() ? LeadingBlanks::kAllDropped
                                                                  : LeadingBlanks::kFirstDropped;
    }
    return LeadingBlanks::kFirstDropped;
  }
  std::vector<int64_t> encode_all(std::string_view text) const {
    std::vector<int> tokens;
    const auto status = processor_.Encode(absl::string_view(text.data(), text.size()), &tokens);
    TORCH_CHECK(status.ok(), "SentencePiece: ", status.ToString());
    return {tokens.begin(), tokens.end()};
  }
  // Text that goes on is encoded behind a line's end, whose tokens are then left out: no blank is put before
  // it, as would be at the beginning of a text.
  std::vector<int64_t> tokens_of(std::string_view text, bool goes_on) const override {
    if (!goes_on) return encode_all(text);
    std::vector<int64_t> tokens = encode_all("\n" + std::string(text));
    const auto length = std::ptrdiff_t(after_newline_.size());
    if (tokens.size() < after_newline_.size() ||
        !std::equal(after_newline_.begin(), after_newline_.end(), tokens.begin()))
      return encode_all(text);
    tokens.erase(tokens.begin(), tokens.begin() + length);
    return tokens;
  }

  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::string> pieces_;     // the text of each token
  std::vector<int64_t> after_newline_;  // the tokens of a line's end at the beginning of a text
  LeadingBlanks leading_blanks_ = LeadingBlanks::kKept;
  std::string fingerprint_;
};

}  // namespace

std::unique_ptr<Tokenizer> open_sentencepiece(const std::filesystem::path& path) {
  return std::make_unique<SentencePieceTokenizer>(path);
}

}  // namespace uvic
