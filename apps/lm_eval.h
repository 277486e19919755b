// `uvic-lm eval`: how well a language model predicts a text, or answers questions.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "language/token_texts.h"
#include "lm_model.h"

namespace uvic {

struct EvalCommand {
  LanguageModelOptions model;
  std::string text, tokens, choices, split = "auto", delimiter, precision = "fp32";
  int64_t stride = 0;
  bool json = false;

  void add_to(CLI::App& app);
  int run() const;

 private:
  TokenTexts open_texts(const LoadedLanguageModel& loaded) const;
  int evaluate_texts(LoadedLanguageModel& loaded) const;
  int answer_questions(LoadedLanguageModel& loaded) const;
};

}  // namespace uvic
