#pragma once
#include <filesystem>
#include <memory>

#include "text/tokenizer.h"

namespace uvic {

/// By the path of vocab.json or merges.txt (text/bpe_files.h): CLIP's tokenizer (text/clip_tokenizer.h) where
/// words end in </w>, else GPT-2's byte-level BPE: words by kGpt2Words, the bytes of each merged by rank.
/// `<|endoftext|>` begins and ends a document, else <s> and </s> (RoBERTa). Tokens that neither are a byte
/// nor come of a merge are special: no text gives them, and they give none. UsageError as read_bpe_files;
/// also for a vocabulary that lacks a byte.
std::unique_ptr<Tokenizer> open_bpe(const std::filesystem::path& either);

}  // namespace uvic
