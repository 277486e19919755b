#pragma once
#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/pack_text.h"
#include "data/pack_text_spool.h"
#include "data/tokens.h"

namespace uvic {

/// Makes a token pack of documents that come one after another, each of either part. Text is encoded piece by
/// piece, several at once in LibTorch's threads.
class PackWriter {
 public:
  PackWriter(const std::filesystem::path& out, const Tokenizer& tokenizer);

  /// A document begins, by bos() if there is one.
  void begin_document(TokenSplit split);
  /// More text of it.
  void add(std::string_view text);
  void end_document();
  /// Writes the pack. UsageError if there was no text for training.
  void finish();
  /// Once it is written.
  const PackedPart& part(TokenSplit split) const { return parts_[size_t(split)].counts; }

 private:
  struct Part {
    explicit Part(const std::filesystem::path& out) : tokens(out), documents(out) {}
    Spool tokens, documents;
    PackedPart counts = {};
  };
  /// Text that is encoded in one go.
  struct Piece {
    Part* part;
    bool begins;  // a document
    std::string text;
  };
  void push(std::string_view text);
  void encode_pieces();
  void append(Part& part, std::span<const int64_t> tokens);

  std::filesystem::path out_;
  const Tokenizer& tokenizer_;
  at::ScalarType dtype_;
  std::array<Part, 2> parts_;
  Part* part_ = nullptr;  // of the document that is open
  bool begins_ = false;   // whether no piece of it has been made yet
  std::string waiting_;   // its text that is in no piece
  size_t enough_ = 0;     // bytes of it from which on a piece may be made
  std::vector<Piece> pieces_;
  size_t piece_bytes_ = 0;  // of all of them
  bool at_start_ = false;   // whether what is appended begins a document
  std::string narrow_;      // tokens as they are written
};

}  // namespace uvic
