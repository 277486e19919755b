// Python's standard library as an independent reader and writer of our files.
#pragma once
#include "support/process.h"

namespace uvic::testing {

/// Runs a script by the system's python3, with `arguments` in sys.argv[1:]; returns what it prints.
inline std::string python(const std::string& script, const std::vector<std::string>& arguments = {}) {
  const TemporaryDirectory directory;
  write_bytes(directory / "script.py", script);
  std::string command = "python3 " + (directory / "script.py").string();
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  const ProcessResult result = run(command);
  TORCH_CHECK(result.code == 0, result.err);
  return result.out;
}

}  // namespace uvic::testing
