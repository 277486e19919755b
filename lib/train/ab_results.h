// What runs that are compared have come to, as a table.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "train/ab_plan.h"

namespace uvic {

/// By the names of metrics.jsonl.
using RunFigures = std::map<std::string, double>;

/// Of a finished run of `steps` steps: losses of training are means over the lines of its last tenth;
/// validation losses and scores those of the last step, if it has them; speeds their median line. What is not
/// finite is left out.
RunFigures figures_of_run(const std::filesystem::path& run, int64_t steps);

struct AbResults {
  std::string heading;  ///< what was trained, and for how long
  std::vector<AbVariant> variants;
  std::vector<int64_t> parameters;  ///< of each variant's network
  std::vector<int64_t> seeds;
  std::vector<std::vector<RunFigures>> figures;  ///< [variant][seed]

  /// The loss that is compared: val_loss_ema, val_loss or loss, the first that every run has.
  std::string loss() const;
};

/// Mean and standard error over seeds of loss, score, speed and of the loss by noise level, and paired
/// differences from the first variant, with p of the paired t test where there are three seeds or more.
std::string ab_markdown(const AbResults& results);
/// The same as numbers, with those of each seed.
std::string ab_json(const AbResults& results);

}  // namespace uvic
