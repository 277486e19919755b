// --ab and --seeds of the commands that train: several settings compared at equal budget.
#pragma once
#include <iostream>

#include "core/log.h"
#include "io/output_path.h"
#include "train/ab_runs.h"
#include "train/run_directory.h"
#include "training.h"

namespace uvic {

/// One run of a comparison, as its command trains it.
template <class Config>
struct AbRun {
  const Config& config;
  const Config& baseline;   ///< of the first variant with the same seed
  TrainingOptions options;  ///< with the run's own folder
};

/// Trains all runs in folders of options.out, or goes on with what is not finished there, and prints the
/// table; of one process alone. `train_one(AbRun)` returns an exit code; `check(Config)` throws what is wrong
/// with a variant before anything is trained; `unit`: what examples are counted in.
template <class Config, class TrainOne, class Check>
int train_variants(const TrainingOptions& options, const World& world, const Config& base,
                   const std::string& unit, const TrainOne& train_one, const Check& check) {
  check_usage(world.alone(), "--ab: trains one run after the other in one process, and here are ",
              world.size(), "; start it without a launcher");
  check_usage(!options.config.given("train.seed"), "train.seed: --seeds gives the seeds of a comparison");
  check_usage(!options.out.empty(), "--out: give the folder of the comparison");
  check_usage(!is_run(options.out), "--out ", options.out,
              ": is a run; a comparison needs a folder of its own, for the folders of its runs");
  check_output_folder("--out", options.out);
  const AbRuns<Config> runs = ab_runs(base, options.ab, options.seeds);
  const std::filesystem::path folder = options.out;
  const auto path_of = [&](size_t variant, size_t seed) {
    return folder / ab_run_name(runs.variants[variant], runs.seeds[seed]);
  };
  const auto train = [&](size_t variant, size_t seed) {
    const Config config = runs.config(variant, seed), baseline = runs.config(0, seed);
    AbRun<Config> run{config, baseline, options};
    run.options.out = path_of(variant, seed).string();
    return train_one(run);
  };
  if (options.dry_run) {
    for (size_t variant = 0; variant < runs.variants.size(); ++variant) {
      std::cout << "variant " << runs.variants[variant].name << std::endl;
      if (const int code = train(variant, 0); code != kDone) return code;
    }
    return kDone;
  }
  AbResults results{.heading = ab_heading(options.ab, base.train.steps, base.train.batch_size, unit),
                    .variants = runs.variants,
                    .parameters = {},
                    .seeds = runs.seeds,
                    .figures = {}};
  for (size_t variant = 0; variant < runs.variants.size(); ++variant) {
    const Config& config = runs.configs[variant];
    if (!is_run(path_of(variant, 0))) naming_variant(runs.variants[variant], [&] { check(config); });
    results.parameters.push_back(count_parameters(config.model));
  }
  const auto figures = [&](size_t variant, size_t seed) {
    return figures_of_run(path_of(variant, seed), runs.configs[variant].train.steps);
  };
  const int code = train_pairs(folder, results, train, figures);
  if (code == kDone) std::cout << ab_markdown(results) << std::flush;
  return code;
}

}  // namespace uvic
