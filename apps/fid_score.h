// `uvic-fid score`: how far images, or their statistics, are from others.
#pragma once
#include <vector>

#include "fid_features.h"
#include "metrics/scores.h"

namespace uvic {

struct ScoreCommand {
  FeatureCommand command;
  std::string a, b;
  std::vector<std::string> metrics;
  bool json = false;

  void add_to(CLI::App& app);
  int run() const;

 private:
  int run(const World& world, c10::Device device) const;
};

}  // namespace uvic
