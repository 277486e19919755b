// `uvic-lm generate`: text from a language model.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "lm_model.h"
#include "lm_texts.h"

namespace uvic {

struct GenerateCommand {
  LanguageModelOptions model;
  PromptOptions prompts;
  std::string seeds = "0", out, out_tokens, logprobs;
  bool greedy = false, echo = false, no_stream = false;

  void add_to(CLI::App& app);
  int run();

 private:
  void check_outputs(size_t texts) const;
  int generate(const LoadedLanguageModel& loaded, const std::vector<TextRequest>& requests) const;
};

}  // namespace uvic
