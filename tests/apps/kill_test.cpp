// Real interruptions of the real uvic-train: SIGKILL at random moments, SIGINT, SIGTERM, a full disk.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

const std::string kSettings =
    " --quiet --set train.steps=400 --set train.grad_accum=2 --set train.checkpoint_interval=7 --set "
    "train.sample_interval=50";

std::string last_checkpoint_bytes(const fs::path& run_directory) {
  std::string bytes;
  for (const char* file : {"model", "ema-0.9", "training"}) {
    bytes += testing::read_bytes(run_directory / "checkpoints/step-00000400" /
                                 (std::string(file) + ".safetensors"));
  }
  return bytes;
}

TEST(Kill, TenRandomKillsChangeNothing) {
  const TrainedRun files(false);
  const auto started = std::chrono::steady_clock::now();
  expect_ok(run(files.train_command("whole") + kSettings));
  const auto whole_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started)
          .count();

  std::mt19937 random(testing::random_seed());
  int kills = 0;
  for (int attempt = 0; attempt < 60 && kills < 10; ++attempt) {
    testing::Process process(files.train_command("killed") + kSettings);
    // Moments from start-up to past where the whole run ends, so that saving is hit too.
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(whole_ms / 8, whole_ms / 2)(random));
    process.send(SIGKILL);
    kills += process.wait().code == 128 + SIGKILL;
    if (fs::exists(files / "killed/checkpoints/step-00000400") && kills < 10) {
      fs::remove_all(files / "killed");  // finished before ten kills: start over
    }
  }
  EXPECT_EQ(kills, 10);
  expect_ok(run(files.train_command("killed") + kSettings));
  EXPECT_EQ(last_checkpoint_bytes(files / "whole"), last_checkpoint_bytes(files / "killed"));
  // What a killed writer left behind is gone, and the metrics have each step once.
  for (const auto& entry : fs::directory_iterator(files / "killed/checkpoints")) {
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
  }
  const std::string metrics = testing::read_bytes(files / "killed/metrics.jsonl");
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 200);
}

class Signal : public ::testing::TestWithParam<int> {};

TEST_P(Signal, FinishesTheStepSavesAndExits3) {
  const TrainedRun files(false);
  testing::Process process(files.train_command() +
                           " --set train.steps=1000000 --set train.sample_interval=0");
  while (process.running() && !fs::exists(files / "run/checkpoints")) testing::sleep_ms(20);
  process.send(GetParam());
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find(": saved "), std::string::npos) << result.err;
  const auto resumed = run(files.train_command() + " --set train.steps=1");
  expect_ok(resumed);
  EXPECT_NE(resumed.err.find("finished already"), std::string::npos) << resumed.err;
}

INSTANTIATE_TEST_SUITE_P(Signals, Signal, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& info) { return info.param == SIGINT ? "SIGINT" : "SIGTERM"; });

TEST(Kill, ASecondSignalEndsAtOnce) {
  const TrainedRun files(false);
  // One step of this takes many seconds, so the first signal alone cannot end it soon.
  testing::Process process(files.train_command() + " --set train.batch_size=4000 --set train.steps=1000000" +
                           " --set model.depth=64 --set model.embed_dim=64");
  while (process.running() && !fs::exists(files / "run/metrics.jsonl")) testing::sleep_ms(20);
  testing::sleep_ms(700);
  process.send(SIGINT);
  testing::sleep_ms(300);
  ASSERT_TRUE(process.running());
  process.send(SIGINT);
  EXPECT_EQ(process.wait().code, 128 + SIGINT);
}

TEST(Kill, AFullDiskIsExit1AndKeepsWhatWasThere) {
  const TrainedRun files;
  const std::string before = testing::read_bytes(files / "run/checkpoints/step-00000006/model.safetensors");
  // ulimit -f: files of at most 16 KiB (blocks of 512 bytes), less than one weights file.
  const auto result =
      run("sh -c 'trap \"\" XFSZ; ulimit -f 32; " + files.train_command() + " --set train.steps=8'");
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_NE(result.err.find("error: "), std::string::npos) << result.err;
  EXPECT_EQ(testing::read_bytes(files / "run/checkpoints/step-00000006/model.safetensors"), before);
  expect_ok(run(files.train_command() + " --quiet --set train.steps=8"));
  EXPECT_TRUE(fs::exists(files / "run/checkpoints/step-00000008"));
}

}  // namespace
}  // namespace uvic
