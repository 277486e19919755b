// `uvic-fid stats`: images to a file of feature statistics.
#pragma once
#include "fid_features.h"

namespace uvic {

struct StatsCommand {
  FeatureCommand command;
  std::string images, out, mu_dtype = "float64";
  bool save_features = false;

  void add_to(CLI::App& app);
  int run() const;

 private:
  int run(const World& world, c10::Device device) const;
  void check_out() const;
};

}  // namespace uvic
