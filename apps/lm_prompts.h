// What text is to be generated behind: the prompts of a command line, a file or the standard input.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "language/load.h"

namespace uvic {

struct NamedPrompt {
  std::string name;  ///< for messages: "--prompt", "prompts.txt, line 3"
  std::string text;  ///< empty where tokens were given and no tokenizer is known
  std::vector<int64_t> tokens;
};

struct PromptOptions {
  std::vector<std::string> texts;
  std::string file, tokens;
  bool no_bos = false;

  void add_to(CLI::App& app);
  /// Whether they are given as numbers.
  bool are_tokens() const { return !tokens.empty(); }
  /// At least one. UsageError for text without a tokenizer, or that it does not take.
  std::vector<NamedPrompt> read(const LoadedLanguageModel& loaded) const;
};

/// The text of tokens, of which those that the tokenizer does not know stand for none.
std::string text_of(const Tokenizer& tokenizer, const std::vector<int64_t>& tokens);

/// The tokenizer of a model. UsageError, naming `option`, where none is known.
const Tokenizer& tokenizer_for(const std::string& option, const LoadedLanguageModel& loaded);

/// All that the standard input gives.
std::string read_standard_input();

}  // namespace uvic
