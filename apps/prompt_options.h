// Prompts on the command line, and what makes them into a network's context.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "config_options.h"
#include "encoders/stages.h"
#include "sampling/prompts.h"

namespace uvic {

class PromptOptions {
 public:
  /// --prompt, --prompts, --negative-prompt; --text-encoder, --tokenizer and --vae set keys of `config`.
  void add_to(CLI::App& app, ConfigOptions& config);
  /// Those that are given, the file's read.
  Prompts read() const;

 private:
  std::vector<std::string> prompts_;
  std::string file_, negative_;
};

/// UsageError: prompts for a model that reads none, none for one that does, a negative one without guidance.
void check_prompts(const Prompts& prompts, const LoadedModel& loaded);

/// The stages that a loaded model's recipe names. UsageError where they are not those that its weights say it
/// was trained with.
Stages stages_of(const LoadedModel& loaded, c10::Device device);

/// Of prompts, what Sampler takes as their context; empty without stages that read.
PromptRows prompt_rows(const Stages& stages);

}  // namespace uvic
