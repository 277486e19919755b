// Commands to copy, at the end of each --help and in the man pages.
#pragma once
#include <string>
#include <vector>

namespace uvic {

struct Example {
  std::string what;  ///< may be empty where the command says it all
  std::string command;
};

/// `program`: "uvic-train", or with its command "uvic-fid dump".
std::vector<Example> examples_of(const std::string& program);

}  // namespace uvic
