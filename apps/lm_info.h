// `uvic-lm info`: what a file of tokens holds.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace uvic {

struct InfoCommand {
  std::string file, tokenizer;
  bool check = false;

  void add_to(CLI::App& app);
  int run() const;
};

}  // namespace uvic
