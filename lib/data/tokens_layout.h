// The kinds of file that tokens come in.
#pragma once
#include "data/tokens.h"

namespace uvic {

/// Keys of a token pack's metadata; the held-out part's have another beginning. Its tensors are `tokens` and,
/// where documents are known, `tokens.documents`; `held_out` and `held_out.documents`.
struct PackKeys {
  std::string tokens, documents, bytes, crc32;
  std::string part = {};
};
const PackKeys& pack_keys(TokenSplit split);
constexpr auto kPackTokenizer = "uvic.tokenizer", kPackTokenizerHash = "uvic.tokenizer_hash",
               kPackVocabSize = "uvic.vocab_size", kPackBos = "uvic.bos", kPackVersion = "uvic.version";

/// Where the tokens lie in `file`, by what that holds; nullopt if it has no part of that kind. UsageError as
/// open_tokens.
std::optional<TokenLayout> token_layout(const MappedFile& file, TokenSplit split);

}  // namespace uvic
