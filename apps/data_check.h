// `uvic-data check`: what is wrong with a data set, before something is trained on it.
#pragma once
#include <string>

#include "app.h"
#include "data/check/check.h"

namespace uvic {

struct CheckCommand {
  CheckOptions options;
  std::string kind, json;
  int64_t most = 5;
  int threads = 0;
  bool quiet = false;

  void add_to(CLI::App& app);
  int run();
};

}  // namespace uvic
