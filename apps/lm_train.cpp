#include "lm_train.h"

#include <iostream>

#include "tasks/language/task.h"

namespace uvic {

void LanguageTrainCommand::add_to(CLI::App& app) {
  options.add_to(app, fields_of(std::as_const(effective_)), "");
}

int LanguageTrainCommand::run() {
  const c10::Device device = options.common.apply();
  options.config.apply_to(fields_of(effective_));
  effective_.validate();
  if (options.config.print_config) {
    std::cout << effective_.to_yaml();
    return kDone;
  }
  LanguageTask task(effective_, device);
  return options.run(
      {.task = task,
       .config = effective_,
       .train = effective_.train,
       .optimizer = effective_.optimizer,
       .device = device,
       .has_data = !effective_.data.path.empty(),
       .doubts =
           [this](Beginning beginning) {
             return doubts_of(effective_.train, effective_.optimizer, beginning);
           },
       .plan_start = [&](const auto& file, const auto& network) { task.plan_start(file, network); }});
}

}  // namespace uvic
