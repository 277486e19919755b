// The files of a byte-pair vocabulary: vocab.json, token -> number, and merges.txt, a pair of tokens a line,
// the earlier the sooner merged. GPT-2's own release calls them encoder.json and vocab.bpe.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/bpe_merges.h"

namespace uvic {

struct BpeFiles {
  std::vector<std::string> tokens;  ///< by their numbers; a number that no token has: empty
  std::unordered_map<std::string, int32_t> numbers;
  BpeMerges merges;
  std::vector<bool> made;   ///< by numbers: whether a merge makes it
  std::string fingerprint;  ///< SHA-256 of both files
};

/// The two files by the path of either. UsageError names file, and token or line: no such file, not of that
/// kind, numbers that are none or are given twice, a merge whose parts or result are no tokens.
BpeFiles read_bpe_files(const std::filesystem::path& either);

/// The vocabulary in a folder; empty if there is none.
std::filesystem::path find_bpe_vocabulary(const std::filesystem::path& folder);

}  // namespace uvic
