#include "training.h"

#include <iostream>

#include "core/device.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/parse.h"
#include "core/rank_log.h"
#include "core/signals.h"
#include "recipe/layout.h"
#include "train/train_state.h"
#include "train/trainer.h"

namespace uvic {

void TrainingOptions::add_to(CLI::App& app, const std::vector<FieldView>& fields, const std::string& taken) {
  app.add_option("--out", out, "run directory: checkpoints, samples, metrics; a run there is resumed")
      ->group("Run");
  app.add_option(
         "--init-from", init_from,
         "start a new run from these weights (safetensors, .pth, run or checkpoint directory)" + taken)
      ->group("Starting weights");
  app.add_option("--init-weights", init_weights,
                 "which weights of --init-from, as --weights where they are sampled from")
      ->needs("--init-from")
      ->capture_default_str()
      ->group("Starting weights");
  app.add_option(
         "--time-limit", time_limit,
         "save a checkpoint and exit (code 3) at the end of the first step after this time: 11h30m, 45m, "
         "11:30:00; as SIGUSR1, SIGTERM and SIGINT do")
      ->group("Run");
  app.add_flag("--restart", restart, "move an earlier run in --out aside and start anew")->group("Run");
  app.add_flag("--dry-run", dry_run, "print what the run needs, check data and paths, and exit")
      ->group("Run");
  app.add_option(
         "--ab", ab,
         "key=value,value...: train each, with every one of --seeds, in folders of --out, at equal budget "
         "on the same data and noise, and print a table; several multiply")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->group("Comparing");
  app.add_option("--seeds", seeds, "seeds of --ab, in place of train.seed: 0-2 or 3,8,11")
      ->needs("--ab")
      ->capture_default_str()
      ->group("Comparing");
  config.add_to(app, fields, "train");
  common.add_to(app);
}

int TrainingOptions::run(const TrainingRun& run) const {
  check_alike(run.world, "the version", version_number() + ", LibTorch " + libtorch_version());
  check_alike_lines(run.world, "the configuration", run.config.yaml);
  share_of_batch(run.world, run.train);
  std::chrono::seconds limit{0};
  check_usage(time_limit.empty() || parse_duration(time_limit, limit), "--time-limit ", time_limit,
              ": must be a time such as 11h30m, 45m or 11:30:00");
  check_run_path(out);
  if (dry_run && !run.world.first()) return kDone;
  if (dry_run) std::cout << run.task.describe() << std::endl;  // also where the data is yet to come
  const auto weights = start_weights_file(run);
  if (dry_run) {
    warn(run);
    if (!run.has_data) {
      std::cout << "data: none; data.path is not set" << std::endl;
      return kDone;
    }
    run.task.open(is_run(out) ? out : "");
    std::cout << run.task.describe_data() << std::endl;
    return kDone;
  }
  if (limit.count() > 0) set_time_limit(limit);
  // The others find what rank 0 has remembered.
  run.world.first_does([&] { open(run); });
  if (!run.world.first()) open(run);
  install_signal_handlers();
  return train(run, weights);
}

void TrainingOptions::open(const TrainingRun& run) const {
  RunMemory memory(out);
  run.task.open(memory.folder());
  memory.keep();
}

bool TrainingOptions::goes_on() const {
  return !restart && !latest_checkpoint(out).empty();
}

void TrainingOptions::warn(const TrainingRun& run) const {
  const auto beginning = is_run(out) && goes_on() ? Beginning::kResumed
                         : init_from.empty()      ? Beginning::kFresh
                                                  : Beginning::kFromWeights;
  for (const std::string& doubt : run.doubts(beginning)) log_warning(doubt);
}

// Empty where training does not begin with weights, or goes on with its own. What cannot be begun with is
// said before the data is opened.
std::filesystem::path TrainingOptions::start_weights_file(const TrainingRun& run) const {
  if (init_from.empty() || goes_on()) return {};
  auto file = find_weights_file(init_from, init_weights, kInitOption);
  run.plan_start(file, std::filesystem::is_directory(init_from) ? "ema" : init_weights);
  return file;
}

int TrainingOptions::train(const TrainingRun& run, const std::filesystem::path& weights) const {
  RunDirectory directory(out, run.config, restart, run.world);
  if (run.world.first_finds([&] { return is_finished(directory, run.train, run.task.scorer()); })) {
    log_info("finished already: ", directory.resume_from().string(), " has all ", run.train.steps, " steps; ",
             how_to_go_on(directory, run.optimizer));
    return kDone;
  }
  log_info(run.task.describe());
  log_info(run.task.describe_data());
  warn(run);
  Trainer trainer(run.task, directory, run.train, run.optimizer, run.device, weights, run.world);
  let_ranks_warn();
  if (trainer.run() == TrainOutcome::kInterrupted) return kInterrupted;
  log_info("done: ", latest_checkpoint(out).string());
  return kDone;
}

}  // namespace uvic
