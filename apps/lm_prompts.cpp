#include "lm_prompts.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <sstream>

#include "core/errors.h"
#include "core/parse.h"
#include "core/text.h"
#include "io/read_file.h"
#include "language/network.h"
#include "language/token_texts.h"

namespace uvic {
namespace {

constexpr const char* kStandardInput = "standard input";

/// The text of a file or a pipe without the end of its last line.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::vector<int64_t> parse_tokens(const std::string& list) {
  std::vector<int64_t> tokens;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    int64_t token = -1;
    check_usage(parse_value(trimmed(part), token), "--prompt-tokens '", list, "': '", part,
                "' is no token; write numbers as 1,45,7");
    tokens.push_back(token);
  }
  return tokens;
}

std::vector<NamedPrompt> lines_of(const std::string& file) {
  std::istringstream lines(file == "-" ? read_standard_input() : read_text(file));
  std::vector<NamedPrompt> prompts;
  int64_t number = 1;
  for (std::string line; std::getline(lines, line); ++number) {
    line = without_line_end(line);
    if (!line.empty())
      prompts.push_back({c10::str(file == "-" ? kStandardInput : file, ", line ", number), line, {}});
  }
  check_usage(!prompts.empty(), "--prompts ", file, ": holds no prompts");
  return prompts;
}

}  // namespace

void PromptOptions::add_to(CLI::App& app) {
  auto* text = app.add_option("--prompt", texts,
                              "what the text begins with; may be given several times; - reads the standard "
                              "input, as does a pipe if no prompt is given")
                   ->type_name("PROMPT")  // not TEXT: a tilde in it is a tilde
                   ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
                   ->allow_extra_args(false);
  auto* lines = app.add_option("--prompts", file, "a file with a prompt a line, or -")->excludes(text);
  app.add_option("--prompt-tokens", tokens,
                 "the prompt as numbers, such as 1,45,7: taken as they are, and a text then goes on for all "
                 "of --length, past the ends of documents")
      ->excludes(text)
      ->excludes(lines);
  app.add_flag("--no-bos", no_bos, "do not put the token that begins a document before a prompt");
}

std::vector<NamedPrompt> PromptOptions::read(const LoadedLanguageModel& loaded) const {
  if (are_tokens()) {
    NamedPrompt prompt{"--prompt-tokens", "", parse_tokens(tokens)};
    if (loaded.tokenizer) prompt.text = text_of(*loaded.tokenizer, prompt.tokens);
    return {prompt};
  }
  std::vector<NamedPrompt> prompts;
  if (!file.empty()) {
    prompts = lines_of(file);
  } else if (texts.empty()) {
    const bool piped = isatty(STDIN_FILENO) == 0;
    prompts = {{kStandardInput, piped ? without_line_end(read_standard_input()) : "", {}}};
  }
  for (const std::string& text : texts) {
    const std::string name = texts.size() > 1 ? c10::str("--prompt ", prompts.size() + 1) : "--prompt";
    prompts.push_back({name, text == "-" ? without_line_end(read_standard_input()) : text, {}});
  }
  const Tokenizer& tokenizer = tokenizer_for("a prompt of text", loaded);
  const int64_t bos = no_bos ? -1 : document_beginning(tokenizer, loaded.recipe().model);
  for (NamedPrompt& prompt : prompts) {
    prompt.tokens = encode_named(tokenizer, prompt.text, prompt.name);
    if (bos >= 0) prompt.tokens.insert(prompt.tokens.begin(), bos);
  }
  return prompts;
}

std::string text_of(const Tokenizer& tokenizer, const std::vector<int64_t>& tokens) {
  std::vector<int64_t> known = tokens;
  std::erase_if(known, [&](int64_t token) { return token < 0 || token >= tokenizer.vocab_size(); });
  return tokenizer.decode(known);
}

const Tokenizer& tokenizer_for(const std::string& option, const LoadedLanguageModel& loaded) {
  check_usage(loaded.tokenizer != nullptr, option, ": needs the tokenizer that ", loaded.file.string(),
              " was trained with; say which by --tokenizer");
  return *loaded.tokenizer;
}

std::string read_standard_input() {
  return {std::istreambuf_iterator<char>(std::cin), {}};
}

}  // namespace uvic
