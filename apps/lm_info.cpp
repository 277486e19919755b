#include "lm_info.h"

#include <iomanip>
#include <iostream>

#include "app.h"
#include "core/errors.h"
#include "core/text.h"
#include "data/tokens.h"
#include "text/tokenizer.h"

namespace uvic {
namespace {

constexpr int64_t kShown = 60;  // tokens

/// The tokenizer that reads the file as text; null if that is not known.
std::unique_ptr<Tokenizer> tokenizer_for(const TokenInfo& info, const std::string& given,
                                         const std::string& name) {
  if (given.empty()) return info.tokenizer == "bytes" ? open_tokenizer("bytes") : nullptr;
  auto tokenizer = open_tokenizer(given);
  check_usage(info.tokenizer_hash.empty() || info.tokenizer_hash == tokenizer->fingerprint(), "--tokenizer ",
              given, ": is not the one that ", name, " was made with (", info.tokenizer, ", sha256 ",
              info.tokenizer_hash, ")");
  return tokenizer;
}

/// The first tokens, as text in one line where the tokenizer is known.
std::string beginning(const TokenFile& tokens, const Tokenizer* tokenizer) {
  const at::Tensor first = tokens.read(0, std::min(tokens.size(), kShown));
  const std::span<const int64_t> numbers(first.const_data_ptr<int64_t>(), size_t(first.numel()));
  std::string text;
  if (tokenizer == nullptr) {
    for (const int64_t number : numbers) text += std::to_string(number) + " ";
    return trimmed(text);
  }
  for (const char c : tokenizer->decode(numbers)) text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return trimmed(text);
}

void line(const std::string& name, const std::string& value) {
  std::cout << "  " << std::left << std::setw(14) << name << value << "\n";
}

void print(const TokenFile& tokens, const Tokenizer* tokenizer) {
  const TokenInfo& info = tokens.info();
  std::cout << tokens.name() << ": " << info.kind << "\n";
  line("tokens", std::to_string(tokens.size()));
  if (!tokens.documents().empty()) line("documents", std::to_string(tokens.documents().size()));
  line("vocabulary", info.vocab_size > 0 ? std::to_string(info.vocab_size) : "not said");
  if (!info.tokenizer.empty()) line("tokenizer", info.tokenizer + ", sha256 " + info.tokenizer_hash);
  if (info.text_bytes > 0) {
    line("text", format_bytes(double(info.text_bytes)) + ", " + std::to_string(info.text_bytes) + " bytes");
    line("tokens a byte", c10::str(std::setprecision(3), double(tokens.size()) / double(info.text_bytes)));
  }
  line("begins", beginning(tokens, tokenizer));
}

}  // namespace

void InfoCommand::add_to(CLI::App& app) {
  app.add_option("file", file,
                 "a pack, llm.c's or nanoGPT's .bin, a .npy, or a folder of train.bin and val.bin")
      ->required();
  app.add_option("--tokenizer", tokenizer, "to show the beginning as text: as for pack");
  app.add_flag("--check", check, "read all: is it whole, are all tokens in the vocabulary");
}

int InfoCommand::run() const {
  for (const TokenSplit split : {TokenSplit::kTrain, TokenSplit::kHeldOut}) {
    const auto tokens = open_tokens(file, split);
    if (!tokens) continue;
    const auto reader = tokenizer_for(tokens->info(), tokenizer, tokens->name());
    const int64_t vocabulary = reader ? reader->vocab_size() : tokens->info().vocab_size;
    if (check) {
      tokens->check_undamaged();
      if (vocabulary > 0) tokens->check_tokens(vocabulary);
    }
    print(*tokens, reader.get());
    if (check) line("largest token", std::to_string(tokens->largest_token()));
  }
  return kDone;
}

}  // namespace uvic
