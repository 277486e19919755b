// `uvic-lm train`: trains a Cogformer on tokens; the same command again resumes.
#pragma once
#include "tasks/language/config.h"
#include "training.h"

namespace uvic {

struct LanguageTrainCommand {
  TrainingOptions options;

  void add_to(CLI::App& app);
  int run();

 private:
  int compare(const World& world, c10::Device device) const;
  int run(const World& world, c10::Device device);
  static int train(const TrainingOptions& options, const LanguageConfig& config, const World& world,
                   c10::Device device);

  LanguageConfig effective_;
};

}  // namespace uvic
