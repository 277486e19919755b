// uvic-train: trains a U-ViC on a data set; the same command again resumes.
#include <iostream>

#include "app.h"
#include "core/log.h"
#include "nn/parameter_shapes.h"
#include "ranks.h"
#include "tasks/diffusion/doubts.h"
#include "tasks/diffusion/task.h"
#include "train_ab.h"
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
    return as_rank(options.common, Needs::kTensors,
                   [&](const World& world, c10::Device device) { return run(world, device); });
  }

 private:
  DiffusionConfig effective;

  int run(const World& world, c10::Device device) {
    options.config.apply_to(fields_of(effective));
    if (!options.ab.empty() && !options.config.print_config) return compare(world, device);
    effective.resolve();
    effective.validate();
    if (options.config.print_config) {
      if (world.first()) std::cout << effective.to_yaml();
      return kDone;
    }
    DiffusionTask task(effective, device);
    return train(options, effective, task, world, device);
  }

  int compare(const World& world, c10::Device device) const {
    return train_variants(
        options, world, effective, "images",
        [&](const AbRun<DiffusionConfig>& run) {
          DiffusionTask task(run.config, device);
          task.begin_like(run.baseline.model);
          return train(run.options, run.config, task, world, device);
        },
        [&](const DiffusionConfig& config) {
          DiffusionTask task(config, device);
          task.describe();  // asks for the kernels
          task.open({});
        });
  }

  static int train(const TrainingOptions& options, const DiffusionConfig& config, DiffusionTask& task,
                   const World& world, c10::Device device) {
    return options.run({.world = world,
                        .task = task,
                        .config = config,
                        .train = config.train,
                        .optimizer = config.optimizer,
                        .device = device,
                        .has_data = !config.data.path.empty(),
                        .doubts = [&](Beginning beginning) { return doubts_of(config, beginning); },
                        .plan_start =
                            [&](const auto& file, const auto& network) {
                              say_start(task.plan_start(file, network), options.dry_run);
                            }});
  }

  static void say_start(const StartWeights& start, bool aloud) {
    if (!aloud) return;
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
      [&](CLI::App& app) { command.add_to(app); }, [&] { return command.run(); });
}
