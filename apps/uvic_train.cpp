// uvic-train: trains a U-ViC on a data set; the same command again resumes.
#include <iostream>

#include "app.h"
#include "config_options.h"
#include "core/device.h"
#include "core/log.h"
#include "core/signals.h"
#include "data/open.h"
#include "sampling/weights_file.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace uvic {
namespace {

std::string describe_data(const DataSets& data) {
  const std::string held_out = data.validation ? "\nheld out: " + data.validation->describe() : "";
  return "data: " + data.train->describe() + held_out;
}

struct TrainCommand {
  CommonOptions common;
  ConfigOptions config;
  std::string out, init_from;
  bool restart = false, dry_run = false;

  void add_to(CLI::App& app) {
    app.add_option("--out", out, "run directory: checkpoints, samples, metrics; a run there is resumed");
    app.add_option(
        "--init-from", init_from,
        "start a new run from these weights (safetensors, .pth, run or checkpoint directory); other "
        "image sizes are interpolated");
    app.add_flag("--restart", restart, "move an earlier run in --out aside and start anew");
    app.add_flag("--dry-run", dry_run, "print what the run needs, check data and paths, and exit");
    config.add_to(app, "train");
    common.add_to(app);
  }

  int run() const {
    const c10::Device device = common.apply();
    const Config effective = config.resolve();
    if (config.print_config) {
      std::cout << effective.to_yaml();
      return kDone;
    }
    check_run_path(out);
    if (dry_run)
      std::cout << describe_run(effective, device) << std::endl;  // also where the data is yet to come
    const auto weights = init_from.empty() ? std::filesystem::path() : find_weights_file(init_from, "ema");
    if (dry_run && effective.data.path.empty()) {
      std::cout << "data: none; data.path is not set" << std::endl;
      return kDone;
    }
    const DataSets data = open_data(effective.data, effective.model.image_shape());
    check_data(data, effective);
    if (effective.train.eval_interval > 0) {
      const std::string text = Evaluation(effective, device).describe();  // and checks its files
      if (dry_run) std::cout << text << std::endl;
    }
    if (dry_run) {
      std::cout << describe_data(data) << std::endl;
      return kDone;
    }
    install_signal_handlers();
    RunDirectory directory(out, effective, restart);
    if (const auto& latest = directory.resume_from(); !latest.empty()) {
      const int64_t step = checkpoint_step(latest.filename().string());
      if (step >= effective.train.steps) {
        log_info("finished already: ", latest.string(), " has all ", effective.train.steps,
                 " steps; raise train.steps to go on");
        return kDone;
      }
    }
    log_info(describe_run(effective, device));
    log_info(describe_data(data));
    Trainer trainer(effective, data, directory, device, weights);
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
      [&](CLI::App& app) { command.add_to(app); }, [&] { return command.run(); });
}
