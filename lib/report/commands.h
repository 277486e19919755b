// What a user may do next with a run, as lines to paste into a shell.
#pragma once
#include <string>
#include <vector>

#include "report/run.h"

namespace uvic {

struct NextCommand {
  std::string title, line;
};

/// Resume or begin again, sample, dump, score, inspect; of a language model generate and evaluate. Paths are
/// as the user gave them, in quotes where a shell needs them.
std::vector<NextCommand> next_commands(const RunFacts& run);

/// In single quotes unless a shell takes it as it is.
std::string shell_word(const std::string& text);

}  // namespace uvic
