// uvic-train: trains a U-ViC on a data set; the same command again resumes.
#include <iostream>

#include "app.h"
#include "core/environment.h"
#include "core/log.h"
#include "tasks/diffusion/doubts.h"
#include "tasks/diffusion/task.h"
#include "training.h"

namespace uvic {
namespace {

struct TrainCommand {
  TrainingOptions options;

  void add_to(CLI::App& app) {
    options.add_to(app, fields_of(std::as_const(effective)),
                   "; what depends on other classes, channels or patches begins anew, other image sizes are "
                   "interpolated");
  }

  int run() {
    const c10::Device device = options.common.apply();
    options.config.apply_to(fields_of(effective));
    effective.resolve();
    effective.validate();
    if (options.config.print_config) {
      std::cout << effective.to_yaml();
      return kDone;
    }
    DiffusionTask task(effective, device);
    return options.run(
        {.task = task,
         .config = effective,
         .train = effective.train,
         .optimizer = effective.optimizer,
         .device = device,
         .has_data = !effective.data.path.empty(),
         .doubts = [this](Beginning beginning) { return doubts_of(effective, beginning); },
         .plan_start = [&](const auto& file,
                           const auto& network) { say_start(task.plan_start(file, network)); }});
  }

 private:
  DiffusionConfig effective;

  void say_start(const StartWeights& start) const {
    if (!options.dry_run) return;
    std::cout << start.note << std::endl;
    if (!start.warning.empty()) log_warning(start.warning);
  }
};

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  uvic::TrainCommand command;
  return uvic::run_app(
      "uvic-train", "Trains a U-ViT diffusion model with Cog Attention.", argc, argv,
      [&](CLI::App& app) { command.add_to(app); },
      [&] {
        uvic::refuse_ranks("uvic-train");
        return command.run();
      });
}
