#include "text/tokenizer.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/errors.h"
#include "io/output_path.h"
#include "text/bpe_files.h"
#include "text/bpe_tokenizer.h"
#include "text/byte_tokenizer.h"
#include "text/clip_files.h"
#include "text/clip_tokenizer.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/utf8.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

void check_utf8(const Tokenizer& tokenizer, std::string_view text) {
  if (!tokenizer.needs_utf8()) return;
  const auto invalid = first_invalid_utf8(text);
  if (invalid) usage_error("the text is not UTF-8: ", utf8_problem(text, *invalid));
}

std::unique_ptr<Tokenizer> open_in(const fs::path& folder) {
  const fs::path vocabulary = find_bpe_vocabulary(folder), model = folder / "tokenizer.model",
                 openai = find_openai_vocabulary(folder);
  if (!vocabulary.empty()) return open_bpe(vocabulary);
  if (!openai.empty()) return clip_tokenizer(read_openai_vocabulary(openai), folder);
  if (fs::exists(model)) return open_sentencepiece(model);
  if (fs::is_directory(folder / "tokenizer")) return open_in(folder / "tokenizer");  // of a pipeline
  const char* json = fs::exists(folder / "tokenizer.json") ? " (tokenizer.json is not read)" : "";
  usage_error(folder.string(), ": no tokenizer here: neither vocab.json and merges.txt nor tokenizer.model",
              json);
}

}  // namespace

std::vector<int64_t> Tokenizer::encode(std::string_view text) const {
  check_utf8(*this, text);
  return tokens_of(text, /*goes_on=*/false);
}

std::vector<int64_t> Tokenizer::encode_more(std::string_view text) const {
  check_utf8(*this, text);
  return tokens_of(text, /*goes_on=*/true);
}

std::string Tokenizer::decode(std::span<const int64_t> tokens) const {
  TextStream stream(*this);
  std::string text;
  for (const int64_t token : tokens) text += stream.add(token);
  return text + stream.finish();
}

void Tokenizer::check_token(int64_t token) const {
  check_usage(token >= 0 && token < vocab_size(), "token ", token, " is outside the vocabulary, 0 to ",
              vocab_size() - 1);
}

std::unique_ptr<Tokenizer> open_tokenizer(const std::string& spec) {
  if (spec == "bytes") return byte_tokenizer();
  const fs::path path = spec;
  std::error_code ignored;
  check_usage(fs::exists(path, ignored), "tokenizer '", spec,
              "': neither bytes nor a file or folder that is there");
  if (fs::is_directory(path, ignored)) return open_in(path);
  const std::string ending = extension_of(path);
  check_usage(path.filename() != "tokenizer.json", spec,
              ": is not read; give the folder of vocab.json and merges.txt");
  if (ending == ".gz") return clip_tokenizer(read_openai_vocabulary(path), path.parent_path());
  return ending == ".json" || ending == ".txt" || ending == ".bpe" ? open_bpe(path)
                                                                   : open_sentencepiece(path);
}

std::string TextStream::add(int64_t token) {
  std::string piece = tokenizer_.piece(token);
  if (at_beginning_ && !piece.empty()) {
    using Blanks = Tokenizer::LeadingBlanks;
    const Blanks blanks = tokenizer_.leading_blanks(token);
    const size_t there = std::min(piece.find_first_not_of(' '), piece.size());
    at_beginning_ = blanks == Blanks::kAllDropped && there == piece.size();
    piece.erase(0, blanks == Blanks::kAllDropped     ? there
                   : blanks == Blanks::kFirstDropped ? std::min<size_t>(there, 1)
                                                     : 0);
  }
  waiting_ += piece;
  std::string whole = waiting_.substr(0, waiting_.size() - cut_short_at_end(waiting_));
  waiting_.erase(0, whole.size());
  return whole;
}

std::string TextStream::finish() {
  return std::exchange(waiting_, {});
}

}  // namespace uvic
