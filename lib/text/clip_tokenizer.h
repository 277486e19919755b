#pragma once
#include <filesystem>
#include <memory>

#include "text/bpe_files.h"
#include "text/tokenizer.h"

namespace uvic {

/// CLIP's tokenizer (Radford et al., arXiv 2103.00020): text in Unicode's normal form C and in small letters
/// (io/unicode.h); words are contractions' endings, runs of letters, single numbers and runs of the rest,
/// without white space; the last byte of each is a symbol of its own, and the symbols are merged. Special
/// tokens are those of read_clip_specials; a text gives them by their names. Tokens stand for small letters
/// with a blank behind each word. UsageError as read_clip_specials and byte_tokens.
///
/// It gives what transformers' CLIPTokenizerFast gives, which is its only one from version 5 on.
/// CLIPTokenizer before that is another one for some texts: it mends them by ftfy ("smart" quotes become
/// straight, say) or, where that is not installed, puts Chinese characters apart and drops control
/// characters.
std::unique_ptr<Tokenizer> clip_tokenizer(BpeFiles files, const std::filesystem::path& folder);

/// Which of the two it is, in a line for people.
extern const char* const kClipTokenizerNote;

}  // namespace uvic
