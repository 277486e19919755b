#pragma once
#include <array>
#include <filesystem>
#include <span>
#include <string>

#include "data/pack_text.h"
#include "data/pack_text_spool.h"
#include "data/tokens.h"

namespace uvic {

/// Makes a token pack of documents that come one after another, each of either part.
class PackWriter {
 public:
  PackWriter(const std::filesystem::path& out, const Tokenizer& tokenizer);

  /// A document begins, by bos() if there is one.
  void begin_document(TokenSplit split);
  /// More text of it.
  void add(std::string_view text);
  void end_document();
  const PackedPart& part(TokenSplit split) const { return parts_[size_t(split)].counts; }
  /// Writes the pack.
  void finish();

 private:
  struct Part {
    explicit Part(const std::filesystem::path& out) : tokens(out), documents(out) {}
    Spool tokens, documents;
    PackedPart counts = {};
  };
  void encode(std::string_view text);
  void append(std::span<const int64_t> tokens);
  void note_beginning();

  std::filesystem::path out_;
  const Tokenizer& tokenizer_;
  at::ScalarType dtype_;
  std::array<Part, 2> parts_;
  Part* part_ = nullptr;  // of the document that is open
  bool begun_ = false;    // whether it has tokens
  bool goes_on_ = false;  // whether some of its text is encoded
  std::string waiting_;   // text that is not
  size_t enough_ = 0;     // bytes of it from which on it is tried to encode some
  std::string narrow_;    // tokens as they are written
};

}  // namespace uvic
