// What an option of an executable does, seen in a run that succeeds, or the exact refusal where that is
// right.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "io/png.h"
#include "io/png_decode.h"
#include "support/process.h"

namespace uvic::testing {

/// Where an option's effect must show.
enum class Effect {
  kOutput,   ///< stdout, the number of lines on stderr, or any file
  kImages,   ///< the pixels of PNGs: their text names every option, also one that is ignored
  kThreads,  ///< how many threads the process has at its peak
  kRefusal,  ///< exit code 2 with `expected` on stderr
};

struct Option {
  std::string name, arguments;
  Effect effect = Effect::kOutput;
  std::string needs = {};     ///< options that the run without it is given, too
  std::string expected = {};  ///< of a refusal
  std::string before = {};    ///< a command to run first in the same folder
};

struct Observation {
  ProcessResult result;
  std::string output, images;
  size_t threads = 0;
};

inline std::string digest(const std::string& text) {
  return std::to_string(std::hash<std::string>{}(text));
}

/// Runs `command`, after `before`, with an empty `folder` to write in.
inline Observation observe(const std::string& command, const std::filesystem::path& folder,
                           const std::string& before = {}) {
  namespace fs = std::filesystem;
  fs::remove_all(folder);
  fs::create_directories(folder);
  if (!before.empty()) {
    EXPECT_EQ(run(before).code, 0) << before;
  }
  Observation seen;
  Process process(command);
  while (process.running()) {
    seen.threads = std::max(seen.threads, process.threads());
    sleep_ms(1);
  }
  seen.result = process.wait();
  std::map<std::string, fs::path> files;  // in order
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    // Those tell times of day, process numbers and speeds.
    if (!name.starts_with("events.") && name != "metrics.jsonl" && name != ".lock")
      files[fs::relative(entry.path(), folder).string()] = entry.path();
  }
  const auto& err = seen.result.err;
  seen.output = c10::str(seen.result.out, "stderr: ", std::count(err.begin(), err.end(), '\n'), " lines\n");
  for (const auto& [name, path] : files) {
    seen.output += name;
    if (fs::is_regular_file(path)) {
      const std::string bytes = read_bytes(path);
      seen.output += " " + digest(bytes);
      if (name.ends_with(".png")) {
        const at::Tensor pixels = decode_png(bytes).contiguous();
        seen.images +=
            name + " " + digest({static_cast<const char*>(pixels.data_ptr()), pixels.nbytes()}) + "\n";
      }
    }
    seen.output += "\n";
  }
  return seen;
}

/// Each of `options` is in the help and has its effect on `base`, which writes to `folder`; the help has no
/// other.
inline void expect_effects(const std::string& base, const std::filesystem::path& folder,
                           const std::string& help_command, const std::vector<Option>& options) {
  const std::string help = run(help_command).out;
  std::map<std::string, Observation> without;
  for (const Option& option : options) {
    const std::string plain = base + (option.needs.empty() ? "" : " " + option.needs);
    const std::string command =
        plain + " " + option.name + (option.arguments.empty() ? "" : " " + option.arguments);
    SCOPED_TRACE(command);
    EXPECT_NE(help.find("  " + option.name), std::string::npos) << "not in --help";
    const Observation with = observe(command, folder, option.before);
    if (option.effect == Effect::kRefusal) {
      EXPECT_EQ(with.result.code, 2) << with.result.err;
      EXPECT_NE(with.result.err.find(option.expected), std::string::npos) << with.result.err;
      continue;
    }
    EXPECT_EQ(with.result.code, 0) << with.result.err;
    auto [known, first] = without.try_emplace(plain + " after " + option.before);
    Observation& alone = known->second;
    if (first) {
      alone = observe(plain, folder, option.before);
      EXPECT_EQ(alone.result.code, 0) << alone.result.err;
      EXPECT_EQ(observe(plain, folder, option.before).output, alone.output) << "two runs differ without it";
    }
    switch (option.effect) {
      case Effect::kOutput:
        EXPECT_NE(with.output, alone.output);
        break;
      case Effect::kImages:
        EXPECT_NE(with.images, alone.images);
        break;
      case Effect::kThreads:
        EXPECT_NE(with.threads, alone.threads);
        break;
      case Effect::kRefusal:
        break;
    }
  }
  // Two spaces in; what goes on below an option's text is further in, and may begin with another's name.
  for (size_t at = help.find("\n  --"); at != std::string::npos; at = help.find("\n  --", at + 1)) {
    const size_t end = help.find_first_of(" ,\n", at + 3);
    const std::string name = help.substr(at + 3, end - at - 3);
    const bool tested =
        std::any_of(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
    EXPECT_TRUE(tested || name == "--help" || base.find(name + " ") != std::string::npos)
        << name << " is not in the table";
  }
}

}  // namespace uvic::testing
