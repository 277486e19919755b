#include "text/sentencepiece_tokenizer.h"

#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <algorithm>
#include <charconv>

#include "core/errors.h"
#include "core/own_library.h"
#include "io/content_kind.h"
#include "io/digests.h"
#include "io/read_file.h"
#include "text/sentencepiece_module.h"
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

const SentencePieceModule& load_module() {
  static const SentencePieceModule* const module = [] {
    std::string problem;
    // Its own scope comes first, and is nobody else's.
    void* library = open_own_library(kSentencePieceLibrary, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND, problem);
    TORCH_CHECK(library != nullptr, "SentencePiece cannot be loaded: ", problem);
    const auto table = reinterpret_cast<decltype(&uvic_sentencepiece)>(dlsym(library, "uvic_sentencepiece"));
    TORCH_CHECK(table != nullptr, kSentencePieceLibrary, " is not what was built beside this program");
    return table();
  }();
  return *module;
}

void take_text(void* to, const char* text, size_t size) {
  static_cast<std::string*>(to)->assign(text, size);
}

// A model of the library's.
class Processor {
 public:
  explicit Processor(const std::string& bytes)
      : module_(load_module()), model_(module_.open(bytes.data(), bytes.size())) {}
  ~Processor() {
    if (model_ != nullptr) module_.close(model_);
  }
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;

  bool good() const { return model_ != nullptr; }
  int size() const { return module_.size(model_); }
  int bos() const { return module_.bos(model_); }
  int eos() const { return module_.eos(model_); }
  SentencePieceModule::Kind kind(int token) const { return module_.kind(model_, token); }
  bool is_word(int token) const {
    return kind(token) != SentencePieceModule::kByte && kind(token) != SentencePieceModule::kUnknown;
  }
  std::string piece(int token) const {
    std::string text;
    module_.piece(model_, token, take_text, &text);
    return text;
  }
  std::string decode(const std::vector<int>& tokens) const {
    std::string text;
    module_.decode(model_, tokens.data(), tokens.size(), take_text, &text);
    return text;
  }
  std::vector<int64_t> encode(std::string_view text) const {
    std::vector<int64_t> tokens;
    const auto take = [](void* to, const int* found, size_t count) {
      static_cast<std::vector<int64_t>*>(to)->assign(found, found + count);
    };
    TORCH_CHECK(module_.encode(model_, text.data(), text.size(), take, &tokens),
                "SentencePiece cannot encode a text");
    return tokens;
  }

 private:
  const SentencePieceModule& module_;
  void* model_;
};

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(const std::filesystem::path& path, const std::string& bytes) : processor_(bytes) {
    if (!processor_.good())
      refuse_content(bytes, int64_t(bytes.size()), path.string(), "a SentencePiece model");
    Sha256 hash;
    hash.add(bytes);
    fingerprint_ = hash.hex();
    for (int i = 0; i < processor_.size(); ++i) pieces_.push_back(text_of(i));
    after_newline_ = encode_all("\n");
    leading_blanks_ = find_leading_blanks();
  }

  std::string name() const override { return "sentencepiece"; }
  int64_t vocab_size() const override { return int64_t(pieces_.size()); }
  int64_t bos() const override { return processor_.bos(); }
  int64_t eos() const override { return processor_.eos(); }
  bool needs_utf8() const override { return true; }
  std::string fingerprint() const override { return fingerprint_; }
  LeadingBlanks leading_blanks(int64_t token) const override {
    check_token(token);
    return processor_.is_word(int(token)) ? leading_blanks_ : LeadingBlanks::kKept;
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
    switch (processor_.kind(token)) {
      case SentencePieceModule::kControl:
      case SentencePieceModule::kUnused:
        return {};
      case SentencePieceModule::kByte:
        return {byte_of(processor_.piece(token))};
      case SentencePieceModule::kUnknown:
        return processor_.decode({token});
      case SentencePieceModule::kWord:
        break;
    }
    return with_blanks(processor_.piece(token));
  }
  /// What the library itself does with the blanks of texts of pieces that begin with some.
  LeadingBlanks find_leading_blanks() const {
    for (int i = 0; i < processor_.size(); ++i) {
      const std::string& text = pieces_[size_t(i)];
      if (!processor_.is_word(i) || !text.starts_with(' ') ||
          text.find_first_not_of(' ') != std::string::npos)
        continue;
      if (processor_.decode({i}) == text) return LeadingBlanks::kKept;
      return processor_.decode({i, i}).empty() ? LeadingBlanks::kAllDropped : LeadingBlanks::kFirstDropped;
    }
    return LeadingBlanks::kFirstDropped;
  }
  std::vector<int64_t> encode_all(std::string_view text) const { return processor_.encode(text); }
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

  Processor processor_;
  std::vector<std::string> pieces_;     // the text of each token
  std::vector<int64_t> after_newline_;  // the tokens of a line's end at the beginning of a text
  LeadingBlanks leading_blanks_ = LeadingBlanks::kKept;
  std::string fingerprint_;
};

}  // namespace

std::unique_ptr<Tokenizer> open_sentencepiece(const std::filesystem::path& path) {
  return std::make_unique<SentencePieceTokenizer>(path, read_text(path));
}

}  // namespace uvic
