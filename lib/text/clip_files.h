// What CLIP's tokenizer reads beside the merging: which tokens are special, and OpenAI's own form of the
// vocabulary.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "text/bpe_files.h"

namespace uvic {

/// What ends the last symbol of a word.
inline constexpr auto kClipWordEnd = "</w>";

/// Whether words end in kClipWordEnd.
bool is_clip_vocabulary(const BpeFiles& files);

/// A token that stands for itself wherever its name occurs in a text.
struct SpecialToken {
  std::string text;
  int32_t number = -1;
};

struct ClipSpecials {
  SpecialToken bos, eos, pad;
  std::vector<SpecialToken> others;  ///< that the files name
};

/// From tokenizer_config.json and special_tokens_map.json in `folder`, where they are, as transformers reads
/// them: the second one counts, unless the first lists `added_tokens_decoder`. Else <|startoftext|>, and
/// <|endoftext|> for the end and for padding. UsageError names file and key, also of a token that the
/// vocabulary does not have.
ClipSpecials read_clip_specials(const std::filesystem::path& folder, const BpeFiles& files);

/// OpenAI's and open_clip's bpe_simple_vocab_16e6.txt.gz: a line about it, then merges, of which the first
/// 48,894 count. Numbers as their code gives them: the bytes, the bytes that end a word, what the merges
/// make,
/// <|startoftext|>, <|endoftext|>. UsageError as read_bpe_files.
BpeFiles read_openai_vocabulary(const std::filesystem::path& path);

/// That in a folder; empty if there is none.
std::filesystem::path find_openai_vocabulary(const std::filesystem::path& folder);

}  // namespace uvic
