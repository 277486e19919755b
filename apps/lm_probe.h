// `uvic-lm probe`: the Cog Attention paper's two tests of representational collapse.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "language/probe.h"
#include "lm_model.h"

namespace uvic {

struct ProbeCommand {
  LanguageModelOptions model;
  std::vector<std::string> against;
  std::vector<int64_t> lengths;
  std::string norm = "l1", plot, precision = "fp32";
  int64_t one = -1, zero = -1;
  bool json = false, no_bos = false;

  void add_to(CLI::App& app);
  int run() const;

 private:
  std::vector<LoadedLanguageModel> find_models() const;
  ProbeTokens tokens_for(const LoadedLanguageModel& loaded) const;
  void print(const std::vector<ProbeResult>& results) const;
};

}  // namespace uvic
