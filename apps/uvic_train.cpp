// uvic-train: trains a U-ViC on a data set; the same command again resumes.
#include <iostream>

#include "app.h"
#include "config_options.h"
#include "core/environment.h"
#include "core/log.h"
#include "core/signals.h"
#include "recipe/layout.h"
#include "tasks/diffusion/doubts.h"
#include "tasks/diffusion/task.h"
#include "train/trainer.h"

namespace uvic {
namespace {

struct TrainCommand {
  CommonOptions common;
  ConfigOptions config;
  std::string out, init_from, init_weights = "ema";
  bool restart = false, dry_run = false;

  void add_to(CLI::App& app) {
    app.add_option("--out", out, "run directory: checkpoints, samples, metrics; a run there is resumed");
    app.add_option(
        "--init-from", init_from,
        "start a new run from these weights (safetensors, .pth, run or checkpoint directory); what depends "
        "on other classes, channels or patches begins anew, other image sizes are interpolated");
    app.add_option("--init-weights", init_weights,
                   "which weights of --init-from, as --weights of uvic-sample")
        ->needs("--init-from")
        ->capture_default_str();
    app.add_flag("--restart", restart, "move an earlier run in --out aside and start anew");
    app.add_flag("--dry-run", dry_run, "print what the run needs, check data and paths, and exit");
    config.add_to(app, fields_of(std::as_const(effective)), "train");
    common.add_to(app);
  }

  int run() {
    const c10::Device device = common.apply();
    config.apply_to(fields_of(effective));
    effective.resolve();
    effective.validate();
    if (config.print_config) {
      std::cout << effective.to_yaml();
      return kDone;
    }
    check_run_path(out);
    DiffusionTask task(effective, device);
    if (dry_run) std::cout << task.describe() << std::endl;  // also where the data is yet to come
    const auto weights = start_weights_file(task);
    if (dry_run) {
      warn();
      if (effective.data.path.empty()) {
        std::cout << "data: none; data.path is not set" << std::endl;
        return kDone;
      }
      task.open(is_run(out) ? out : "");
      std::cout << task.describe_data() << std::endl;
      return kDone;
    }
    RunMemory memory(out);
    task.open(memory.folder());
    memory.keep();
    install_signal_handlers();
    return train(task, weights, device);
  }

 private:
  DiffusionConfig effective;

  void warn() const {
    const bool goes_on = is_run(out) && !restart && !latest_checkpoint(out).empty();
    const auto beginning = goes_on             ? Beginning::kResumed
                           : init_from.empty() ? Beginning::kFresh
                                               : Beginning::kFromWeights;
    for (const std::string& doubt : doubts_of(effective, beginning)) log_warning(doubt);
  }

  // Empty where training does not begin with weights, or goes on with its own. What cannot be begun with is
  // said before the data is opened.
  std::filesystem::path start_weights_file(DiffusionTask& task) const {
    if (init_from.empty() || (!restart && !latest_checkpoint(out).empty())) return {};
    const auto file = find_weights_file(init_from, init_weights, kInitOption);
    const StartWeights start =
        task.plan_start(file, std::filesystem::is_directory(init_from) ? "ema" : init_weights);
    if (dry_run) std::cout << start.note << std::endl;
    if (dry_run && !start.warning.empty()) log_warning(start.warning);
    return file;
  }

  int train(DiffusionTask& task, const std::filesystem::path& weights, c10::Device device) const {
    RunDirectory directory(out, effective, restart);
    if (is_finished(directory, effective.train, task.scorer())) {
      log_info("finished already: ", directory.resume_from().string(), " has all ", effective.train.steps,
               " steps; ", how_to_go_on(directory, effective.optimizer));
      return kDone;
    }
    log_info(task.describe());
    log_info(task.describe_data());
    warn();
    Trainer trainer(task, directory, effective.train, effective.optimizer, device, weights);
    if (trainer.run() == TrainOutcome::kInterrupted) return kInterrupted;
    log_info("done: ", latest_checkpoint(out).string());
    return kDone;
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
