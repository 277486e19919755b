// From text to tokens and back.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace uvic {

/// Thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// "bytes", "sentencepiece", "bpe" or "clip".
  virtual std::string name() const = 0;
  /// Tokens are 0 .. vocab_size() - 1.
  virtual int64_t vocab_size() const = 0;
  /// The tokens that begin and end a document, maybe the same one; -1: there is none. No text gives them,
  /// save with CLIP's, which reads their names as them.
  virtual int64_t bos() const = 0;
  virtual int64_t eos() const = 0;
  /// What rows of one length are filled up with; as eos().
  virtual int64_t pad() const { return eos(); }
  /// Whether text must be UTF-8.
  virtual bool needs_utf8() const = 0;
  /// SHA-256, in hexadecimal digits, of what makes it up: the kind and what its files hold.
  virtual std::string fingerprint() const = 0;

  /// The tokens of a text. UsageError, with byte and line, for text that must be UTF-8 and is not.
  std::vector<int64_t> encode(std::string_view text) const;
  /// The same of text that goes on where `cut` has parted it.
  std::vector<int64_t> encode_more(std::string_view text) const;
  /// Where, as far back as it can be, the beginning of a long text may be parted from what follows, some of
  /// which must be there: encode of the text before, then encode_more of that behind, give what encode gives
  /// of the whole. 0: nowhere.
  virtual size_t cut(std::string_view text) const = 0;

  /// The bytes that a token stands for within a text; of special tokens none. UsageError for a number that is
  /// no token.
  virtual std::string piece(int64_t token) const = 0;
  /// What is left out of the blanks that a token's piece begins with where it begins the text.
  enum class LeadingBlanks { kKept, kFirstDropped, kAllDropped };
  virtual LeadingBlanks leading_blanks(int64_t /*token*/) const { return LeadingBlanks::kKept; }
  /// The text of tokens, byte by byte: UTF-8 only where they make whole characters.
  std::string decode(std::span<const int64_t> tokens) const;

 protected:
  void check_token(int64_t token) const;

 private:
  virtual std::vector<int64_t> tokens_of(std::string_view text, bool goes_on) const = 0;
};

/// By what the user says: "bytes"; a SentencePiece model (x.model); a folder with the vocab.json and
/// merges.txt of a byte-level BPE or of CLIP, or one of these files (also GPT-2's own encoder.json and
/// vocab.bpe, and OpenAI's bpe_simple_vocab_16e6.txt.gz).
/// UsageError says what is wrong with it.
std::unique_ptr<Tokenizer> open_tokenizer(const std::string& spec);

/// Text as its tokens come one by one, in whole characters. Tokens that were before (a prompt) are added
/// first and what that gives is dropped: whether a blank belongs before a word depends on them.
class TextStream {
 public:
  /// `tokenizer` must outlive it.
  explicit TextStream(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  /// What can be shown now, maybe nothing: bytes that begin a character wait for the rest of it. Bytes that
  /// are of no character come as they are.
  std::string add(int64_t token);
  /// What is still waiting. All that `add` and this have given is what decode gives.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  bool at_beginning_ = true;
  std::string waiting_;
};

}  // namespace uvic
