// The files of a byte-pair vocabulary: vocab.json, token -> number, and merges.txt, a pair of tokens a line,
// the earlier the sooner merged. GPT-2's own release calls them encoder.json and vocab.bpe.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/bpe_words.h"

namespace uvic {

struct BpeFiles {
  std::vector<std::string> tokens;  ///< by their numbers; a number that no token has: empty
  std::unordered_map<std::string, int32_t> numbers;
  BpeMerges merges;
  std::vector<bool> made;   ///< by numbers: whether a merge makes it
  std::string fingerprint;  ///< SHA-256 of both files

  /// -1: there is no such token.
  int32_t number(const std::string& token) const;
};

/// The two files by the path of either. UsageError names file, and token or line: no such file, not of that
/// kind, numbers that are none or are given twice, a merge whose parts or result are no tokens.
BpeFiles read_bpe_files(const std::filesystem::path& either);

/// Adds the merges of the lines of `text`, file `name`, to a vocabulary. UsageError as read_bpe_files.
void read_bpe_merges(std::string_view text, const std::string& name, BpeFiles& files);

/// The tokens of single bytes, `ending` behind each. UsageError, `source` first, if one is missing.
ByteTokens byte_tokens(const BpeFiles& files, const std::string& ending, const std::string& source);

/// What each token stands for, by numbers: a byte, or those of what merges make, with a blank for an `ending`
/// that is not empty; nothing for the others, which are special. UsageError, `source` first, for a token that
/// is written in other characters than bytes' symbols.
std::vector<std::string> byte_pieces(const BpeFiles& files, const std::string& source,
                                     const std::string& ending = "");

/// The vocabulary in a folder; empty if there is none.
std::filesystem::path find_bpe_vocabulary(const std::filesystem::path& folder);

}  // namespace uvic
