// The command line of uvic-inspect.
#pragma once
#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <vector>

#include "app.h"
#include "config_options.h"

namespace uvic {

struct InspectOptions {
  CommonOptions common;
  ConfigOptions config;
  std::string checkpoint, checkpoints, against, weights = "ema", kind = "all", over = "both";
  std::string inputs, timesteps, labels, context;
  std::vector<double> times;
  int64_t num = 32, seed = 0, chunk = 64, rank_images = -1;
  int64_t suppress_top = 0, draws = 4, frechet_images = 1000;
  std::string stats, features;
  std::string json, pictures, patch;
  int64_t map_image = 0;

  void add_to(CLI::App& app);
  /// UsageError: options that do not go together, outputs that cannot be written.
  void check() const;

  bool of_arrays() const { return !inputs.empty(); }
  bool over_images() const { return over != "samples"; }
  bool over_samples() const { return over != "images"; }
};

}  // namespace uvic
