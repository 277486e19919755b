// The tokens of a text, in a file: memory-mapped, so that a corpus may be larger than memory.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "io/mapped_file.h"

namespace uvic {

enum class TokenSplit { kTrain, kHeldOut };

/// What a file says of its tokens, as far as it does.
struct TokenInfo {
  std::string kind = {};            ///< "token pack", "llm.c (GPT-2)", "llm.c (Llama 3)", "nanoGPT" or ".npy"
  std::string tokenizer = {};       ///< Tokenizer::name; empty: not said
  std::string tokenizer_hash = {};  ///< Tokenizer::fingerprint
  int64_t vocab_size = 0;           ///< tokens are below it; 0: not said
  int64_t bos = -1;                 ///< begins each document; -1: nothing does, or not said
  int64_t text_bytes = -1;          ///< of the text that the tokens stand for; -1: not said
};

/// Where the tokens lie in their file.
struct TokenLayout {
  TokenInfo info = {};
  std::string part = {};  ///< of the file, if it has others: "held out"
  at::ScalarType dtype = at::kUInt16;
  size_t begin = 0;   ///< byte of the first token
  int64_t count = 0;  ///< tokens
  size_t documents_begin = 0;
  int64_t documents = 0;                        ///< int64 each
  std::optional<uint32_t> recorded_crc32 = {};  ///< of the tokens' bytes and the documents' behind them
};

/// Tokens 0 .. size() - 1 in a row. Thread-safe.
class TokenFile {
 public:
  /// See open_tokens; what the layout says must lie within the file.
  TokenFile(std::unique_ptr<MappedFile> file, TokenLayout layout);

  int64_t size() const { return layout_.count; }
  /// int64 [count]. c10::Error unless all of them are there.
  at::Tensor read(int64_t first, int64_t count) const;
  /// Where documents begin, ascending from 0; empty if that is not said.
  std::span<const int64_t> documents() const;
  const TokenInfo& info() const { return layout_.info; }
  /// The path, and which part of the file where it has others: "corpus.tokens (held out)".
  const std::string& name() const { return name_; }

  /// Reads all.
  int64_t largest_token() const;
  /// Reads all: UsageError names the first that is not in 0 .. vocab_size - 1, and its place.
  void check_tokens(int64_t vocab_size) const;
  /// Reads all of a token pack: UsageError if that is damaged. Nothing to do for other kinds.
  void check_undamaged() const;
  /// What tells these tokens from others wherever the file lies, for a checkpoint: "12345 tokens, crc32
  /// 89abcdef": of a token pack the CRC-32 that it holds; else that of all bytes, or of 64 pieces spread over
  /// more than 64 MiB of them.
  std::string identity() const;

 private:
  std::string_view token_bytes() const;
  void read_into(int64_t first, int64_t count, int64_t* out) const;
  /// Calls `take` with tokens, int64, and the place of the first, block by block.
  template <class Take>
  void for_each_block(const Take& take) const;

  std::unique_ptr<MappedFile> file_;
  TokenLayout layout_;
  std::string name_;
};

/// Opens tokens by what the file holds: a pack of `uvic-lm pack` (data/pack_text.h); llm.c's .bin of either
/// magic; nanoGPT's .bin, uint16 and nothing else; .npy of unsigned or signed whole numbers, [n] or [B, T],
/// row by row. A folder: its train.bin, or its val.bin for the held-out ones. Reads none of the tokens. Null
/// if kHeldOut is asked of what holds nothing out. UsageError: no such file, of another kind, cut short,
/// counts that disagree, no tokens at all.
std::unique_ptr<TokenFile> open_tokens(const std::filesystem::path& path, TokenSplit split);

}  // namespace uvic
