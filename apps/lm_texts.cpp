#include "lm_texts.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/atomic_file.h"
#include "io/output_path.h"

namespace uvic {
namespace {

std::string numbers_of(const std::vector<int64_t>& tokens) {
  std::string text;
  for (const int64_t token : tokens) text += (text.empty() ? "" : ",") + std::to_string(token);
  return text;
}

/// As it is shown. The prompt's tokens are before it in the decoding too: whether a blank belongs before its
/// first word depends on them.
std::string shown(const Tokenizer* tokenizer, const TextRequest& request, const GeneratedText& made,
                  bool echo) {
  auto tokens = request.prompt->tokens;
  const size_t before = tokenizer == nullptr ? 0 : text_of(*tokenizer, tokens).size();
  if (tokenizer == nullptr && !echo) return numbers_of(made.tokens);
  tokens.insert(tokens.end(), made.tokens.begin(), made.tokens.end());
  if (tokenizer == nullptr) return numbers_of(tokens);
  const std::string text = text_of(*tokenizer, tokens);
  return echo ? text : text.substr(std::min(before, text.size()));
}

std::string heading(const TextRequest& request) {
  return c10::str("--- prompt ", request.number, ", seed ", request.seed, " ---\n");
}

const char* name_of(TextEnd end) {
  return end == TextEnd::kLength ? "length" : end == TextEnd::kDocument ? "document" : "stopped";
}

std::string json_line(const Tokenizer* tokenizer, const TextRequest& request, const GeneratedText& made) {
  nlohmann::ordered_json line = {{"prompt", request.prompt->text}, {"seed", request.seed}};
  if (tokenizer != nullptr) line["text"] = shown(tokenizer, request, made, /*echo=*/false);
  line["prompt_tokens"] = request.prompt->tokens;
  line["tokens"] = made.tokens;
  line["end"] = name_of(made.end);
  // Bytes that make no character are for `tokens` to keep.
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

TextPrinter::TextPrinter(const Tokenizer* tokenizer, std::vector<TextRequest> requests, Options options)
    : tokenizer_(tokenizer),
      requests_(std::move(requests)),
      options_(options),
      waiting_(requests_.size()),
      at_beginning_(!options.echo) {
  if (!options_.stream) return;
  const NamedPrompt& prompt = *requests_.front().prompt;
  if (options_.echo) std::cout << (tokenizer_ ? prompt.text : numbers_of(prompt.tokens)) << std::flush;
  if (tokenizer_ == nullptr) return;
  stream_.emplace(*tokenizer_);
  for (const int64_t token : prompt.tokens) stream_->add(token);
}

void TextPrinter::add_token(int64_t token) {
  if (!options_.stream) return;
  if (stream_) {
    if (token < tokenizer_->vocab_size()) std::cout << stream_->add(token) << std::flush;
  } else {
    std::cout << (at_beginning_ ? "" : ",") << token << std::flush;
    at_beginning_ = false;
  }
}

void TextPrinter::add_text(size_t text, const GeneratedText& made) {
  if (options_.stream) return;
  waiting_[text] = made;
  for (; printed_ < waiting_.size() && waiting_[printed_]; ++printed_) {
    print(printed_, *waiting_[printed_]);
    waiting_[printed_].reset();
  }
}

void TextPrinter::finish(const std::vector<GeneratedText>& made) {
  if (options_.stream) {
    std::cout << (stream_ ? stream_->finish() : "") << std::endl;
    return;
  }
  for (; printed_ < made.size(); ++printed_) {
    if (!made[printed_].tokens.empty()) print(printed_, made[printed_]);
  }
}

void TextPrinter::print(size_t text, const GeneratedText& made) const {
  if (requests_.size() > 1) std::cout << heading(requests_[text]);
  std::cout << shown(tokenizer_, requests_[text], made, options_.echo) << std::endl;
}

std::vector<TextRequest> requests_for(const std::vector<NamedPrompt>& prompts,
                                      const std::vector<int64_t>& seeds) {
  std::vector<TextRequest> requests;
  for (size_t i = 0; i < prompts.size(); ++i) {
    for (const int64_t seed : seeds) requests.push_back({&prompts[i], i + 1, seed});
  }
  return requests;
}

void save_texts(const std::string& path, const Tokenizer* tokenizer, const std::vector<TextRequest>& requests,
                const std::vector<GeneratedText>& made, bool echo) {
  const bool lines = extension_of(path) == ".jsonl";
  std::ostringstream text;
  for (size_t i = 0; i < made.size(); ++i) {
    if (!lines && requests.size() > 1) text << heading(requests[i]);
    text << (lines ? json_line(tokenizer, requests[i], made[i])
                   : shown(tokenizer, requests[i], made[i], echo))
         << "\n";
  }
  write_file_atomically(path, text.str());
}

}  // namespace uvic
