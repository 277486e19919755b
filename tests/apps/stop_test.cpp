// What clusters do to a run: a time limit, SIGUSR1.
#include <gtest/gtest.h>

#include <csignal>

#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::TrainedRun;

const std::string kEndless = " --set train.steps=1000000 --set train.sample_interval=0";

TEST(Stop, ATimeLimitSavesAndExits3) {
  const TrainedRun files(false);
  const auto result = testing::run(files.train_command() + kEndless + " --time-limit 1s");
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("--time-limit: saved "), std::string::npos) << result.err;
  EXPECT_FALSE(fs::is_empty(files / "run/checkpoints"));
  for (const char* text : {"0s", "soon", "11", "1h1x"})
    testing::expect_usage_error(files.train_command() + " --time-limit " + text,
                                "must be a time such as 11h30m");
}

TEST(Stop, Sigusr1SavesAndExits3) {
  const TrainedRun files(false);
  testing::Process process(files.train_command() + kEndless);
  while (process.running() && !fs::exists(files / "run/checkpoints")) testing::sleep_ms(20);
  process.send(SIGUSR1);
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("SIGUSR1: saved "), std::string::npos) << result.err;
}

}  // namespace
}  // namespace uvic
