// What the commands of uvic-lm that read a checkpoint have in common.
#pragma once
#include <string>

#include "app.h"
#include "config_options.h"
#include "language/load.h"

namespace uvic {

struct LanguageModelOptions {
  CommonOptions common;
  ConfigOptions config;
  std::string checkpoint, weights = "ema", tokenizer;

  /// `section`: of whose keys there are options, "" for none.
  void add_to(CLI::App& app, const std::string& section = "");
  /// Puts the common options into force and finds model and tokenizer. No tensor is read.
  LoadedLanguageModel find() const;
  /// The same with the network and its weights on the device.
  LoadedLanguageModel load() const;

 private:
  LanguageRecipe defaults_;  // what the options' help shows
};

}  // namespace uvic
