#include "lm_train.h"

#include <iostream>

#include "nn/cogformer_shapes.h"
#include "ranks.h"
#include "tasks/language/task.h"
#include "train_ab.h"

namespace uvic {

void LanguageTrainCommand::add_to(CLI::App& app) {
  options.add_to(app, fields_of(std::as_const(effective_)), "");
}

int LanguageTrainCommand::run() {
  return as_rank(options.common, Needs::kTensors,
                 [&](const World& world, c10::Device device) { return run(world, device); });
}

int LanguageTrainCommand::run(const World& world, c10::Device device) {
  options.config.apply_to(fields_of(effective_));
  if (!options.ab.empty() && !options.config.print_config) return compare(world, device);
  effective_.validate();
  if (options.config.print_config) {
    if (world.first()) std::cout << effective_.to_yaml();
    return kDone;
  }
  return train(options, effective_, world, device);
}

int LanguageTrainCommand::compare(const World& world, c10::Device device) const {
  return train_variants(
      options, world, effective_, "windows",
      [&](const AbRun<LanguageConfig>& run) { return train(run.options, run.config, world, device); },
      [&](const LanguageConfig& config) {
        LanguageTask task(config, device);
        task.describe();  // asks for the kernels
        task.open({});
      });
}

int LanguageTrainCommand::train(const TrainingOptions& options, const LanguageConfig& config,
                                const World& world, c10::Device device) {
  LanguageTask task(config, device);
  return options.run(
      {.world = world,
       .task = task,
       .config = config,
       .train = config.train,
       .optimizer = config.optimizer,
       .device = device,
       .has_data = !config.data.path.empty(),
       .doubts = [&](Beginning beginning) { return doubts_of(config.train, config.optimizer, beginning); },
       .plan_start = [&](const auto& file, const auto& network) { task.plan_start(file, network); }});
}

}  // namespace uvic
