// Text -> a token pack: a safetensors file of tokens, a held-out part, where documents begin, and what the
// tokens are (data/tokens.h reads it; so does Python, by `safetensors`).
//   tokens, held_out: U8, U16 or U32 [n], the least that holds the vocabulary; held_out only where there is
//   one. tokens.documents, held_out.documents: I64 [documents], the place of each document's first token.
//   metadata: uvic.tokenizer, uvic.tokenizer_hash, uvic.vocab_size, uvic.bos, uvic.version; of each part
//   uvic.bytes, the text's, and uvic.crc32, of the tokens' bytes and the documents' behind them
//   (uvic.held_out_bytes, uvic.held_out_crc32).
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/choice.h"
#include "text/tokenizer.h"

namespace uvic {

/// What a document is in a file of text: all of it; each line; what blank lines part.
enum class DocumentRule { kFiles, kLines, kBlankLines };
template <>
inline constexpr std::array kNamesOf<DocumentRule> = {"files", "lines", "blank-lines"};

struct PackTextOptions {
  Choice<DocumentRule> documents = DocumentRule::kFiles;
  std::string text_key = "text";  ///< of JSON lines, each of them a document
  bool json_lines = false;        ///< all inputs are JSON lines, whatever their names
  double held_out = 0.1;          ///< the share to hold out, 0 to 0.9
};

/// Of the training part or of what is held out.
struct PackedPart {
  int64_t documents = 0, tokens = 0, bytes = 0;  ///< bytes: of text, without what parts documents
};

struct PackTextReport {
  PackedPart train, held_out;
  bool held_out_is_end = false;  ///< the end of the text, not documents from all over it
  int64_t files = 0;
  std::map<std::string, int64_t> others = {};  ///< files of folders passed over, by their names' endings
};

/// Called with bytes read so far and in all; 0: how many that is is not known.
using PackProgress = std::function<void(int64_t done, int64_t total)>;

/// Packs the text of `inputs` into `out`, which is written as a whole or not at all. Inputs are, in this
/// order and each as often as it is named: files; folders, with all below in natural order, of which those
/// files count that are text by their beginning (UTF-8 without NUL; .txt always, hidden ones never); "-", the
/// standard input. Names that end in .jsonl or .ndjson are JSON lines. A byte order mark is left out;
/// documents without text are passed over.
///
/// Each document is bos(), if there is one, and its tokens. `held_out` f: document i (from 0) is held out
/// where floor((i + 1) f) > floor(i f), every tenth for 0.1; where there are too few documents for that, the
/// last share f of the whole text, from the line's end nearest to there, as a document of its own.
///
/// Reads each input once and keeps no more than a line, or some MiB of a document, in memory: tokens, and
/// text as long as documents are few, go to files without names beside `out`.
///
/// UsageError: an input that cannot be read or is no text (compressed, a PDF ...), with file, line and byte
/// where text is not UTF-8 but must be, with line and column where a line is not JSON or has no text; no text
/// at all, too little to hold some out; `out` is an input or cannot be written.
PackTextReport pack_text(const std::vector<std::string>& inputs, const std::filesystem::path& out,
                         const Tokenizer& tokenizer, const PackTextOptions& options,
                         const PackProgress& progress = {});

}  // namespace uvic
