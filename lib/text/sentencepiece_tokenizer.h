#pragma once
#include <filesystem>
#include <memory>

#include "text/tokenizer.h"

namespace uvic {

/// A SentencePiece model (Kudo and Richardson, arXiv 1808.06226) by the library of its authors: unigram or
/// BPE, with the normalisation that the model says and its byte fallback. UsageError if it is none.
std::unique_ptr<Tokenizer> open_sentencepiece(const std::filesystem::path& path);

}  // namespace uvic
