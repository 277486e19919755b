// What a model is evaluated on: text, and files of tokens.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/tokens.h"
#include "language/evaluate.h"

namespace uvic {

struct TokenTexts {
  std::string name;
  std::vector<TokenText> texts;
  int64_t bytes = 0;  ///< of the text that all of their tokens but the first stand for; 0: not known
};

/// A document of `text`, behind the token `bos` that begins it (-1: none is put there). UsageError, `name`
/// first, for an empty one and where the tokenizer does not take it.
TokenTexts texts_of(const Tokenizer& tokenizer, const std::string& text, const std::string& name,
                    int64_t bos);

/// The tokens of a file: one text, or, of an .npy [B, T], one a row.
TokenTexts texts_of(const std::shared_ptr<const TokenFile>& file, const std::filesystem::path& path);

/// The tokens of a text. UsageError, `name` first, where the tokenizer does not take it.
std::vector<int64_t> encode_named(const Tokenizer& tokenizer, const std::string& text,
                                  const std::string& name);

}  // namespace uvic
