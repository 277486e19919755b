// `uvic-fid merge`: the shards of a dump into one.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace uvic {

struct MergeCommand {
  std::string out, format = "auto";
  std::vector<std::string> shards;
  bool quiet = false;

  void add_to(CLI::App& app);
  int run() const;
};

}  // namespace uvic
