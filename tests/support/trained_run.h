// A tiny run made once by the real uvic-train, for the tests of the other executables.
#pragma once
#include <gtest/gtest.h>

#include "support/process.h"
#include "support/tiny_run.h"

namespace uvic::testing {

/// Data, config file and (after `train`) a finished run, in one temporary folder.
class TrainedRun {
 public:
  explicit TrainedRun(bool train = true) {
    DiffusionConfig config = tiny_config(write_tiny_set(directory_ / "data"));
    config.train.ema_widths = {0.05, 0.1};
    config.train.snapshot_interval = 3;
    write_bytes(directory_ / "config.yaml", config.to_yaml());
    if (train) {
      const auto result = testing::run(train_command() + " --quiet");
      TORCH_CHECK(result.code == 0, result.err);
    }
  }
  std::string train_command(const std::string& run = "run") const {
    return "uvic-train --device cpu --threads 2 --config " + (directory_ / "config.yaml").string() +
           " --out " + (directory_ / run).string();
  }
  /// `--checkpoint RUN --device cpu --threads 2 --quiet`
  std::string checkpoint() const {
    return "--checkpoint " + (directory_ / "run").string() + " --device cpu --threads 2 --quiet";
  }
  std::filesystem::path operator/(const std::string& name) const { return directory_ / name; }

 private:
  TemporaryDirectory directory_;
};

inline void expect_ok(const ProcessResult& result) {
  EXPECT_EQ(result.code, 0) << result.err;
}

/// Exit code 2 and one line on stderr that holds `text`.
inline void expect_usage_error(const std::string& command, const std::string& text) {
  const auto result = run(command);
  EXPECT_EQ(result.code, 2) << command << "\n" << result.err;
  EXPECT_NE(result.err.find(text), std::string::npos) << command << "\n" << result.err;
}

}  // namespace uvic::testing
