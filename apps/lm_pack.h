// `uvic-lm pack`: text into tokens for training.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "data/pack_text.h"

namespace uvic {

struct PackCommand {
  std::vector<std::string> inputs;
  std::string out, tokenizer = "bytes", documents = "files";
  PackTextOptions options;
  int threads = 0;
  bool quiet = false;

  void add_to(CLI::App& app);
  int run();
};

}  // namespace uvic
