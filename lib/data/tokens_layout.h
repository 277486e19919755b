// The kinds of file that tokens come in.
#pragma once
#include "data/tokens.h"

namespace uvic {

/// What a part of a token pack is called there (data/pack_text.h): its tensors and its metadata; `part` for
/// people.
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
