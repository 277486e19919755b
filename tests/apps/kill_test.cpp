// Real interruptions of the real uvic-train: SIGKILL at random moments, SIGINT, SIGTERM, a full disk.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <set>

#include "io/truncate_events.h"
#include "recipe/layout.h"
#include "support/trained_run.h"
#include "train/run_log.h"

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

/// How many kills a run gets: UVIC_KILLS, or a hundred, which take 75 s.
int wanted_kills() {
  const char* given = std::getenv("UVIC_KILLS");
  return given != nullptr ? std::stoi(given) : 100;
}

/// Whether there is what `process`, alive or not, writes a checkpoint to before it renames it.
bool is_within_checkpoint(const fs::path& run_directory, const testing::Process& process) {
  const std::string end = ".tmp-" + std::to_string(process.id());
  std::error_code changed_meanwhile;
  for (fs::directory_iterator entry(run_directory / "checkpoints", changed_meanwhile), none;
       !changed_meanwhile && entry != none; entry.increment(changed_meanwhile)) {
    if (entry->path().string().ends_with(end)) return true;
  }
  return false;
}

TEST(Kill, RandomKillsChangeNothing) {
  const TrainedRun files(false);
  const fs::path whole = files / "whole", killed = files / "killed";
  const auto started = std::chrono::steady_clock::now();
  testing::Process first(files.train_command("whole") + kSettings);
  while (first.running() && !fs::exists(whole / "checkpoints")) testing::sleep_ms(5);
  const auto start_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started)
          .count();
  expect_ok(first.wait());
  const std::string expected = last_checkpoint_bytes(whole);

  std::mt19937 random(testing::random_seed());
  const auto up_to = [&](int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(random); };
  int kills = 0, within_checkpoint = 0, finished = 0;
  std::set<std::string> resumed_from;
  while (kills < wanted_kills()) {
    testing::Process process(files.train_command("killed") + kSettings);
    if (kills % 2 == 0) {  // at any moment from its start on
      testing::sleep_ms(up_to(5 * start_ms / 2));
    } else {  // some way into the writing of a checkpoint
      while (process.running() && !is_within_checkpoint(killed, process))
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      std::this_thread::sleep_for(std::chrono::microseconds(up_to(5000)));
    }
    process.send(SIGKILL);
    const auto result = process.wait();
    if (result.code == 128 + SIGKILL) {
      ++kills;
      within_checkpoint += is_within_checkpoint(killed, process);
      resumed_from.insert(latest_checkpoint(killed).filename().string());
      continue;
    }
    expect_ok(result);
    ++finished;
    ASSERT_EQ(last_checkpoint_bytes(killed), expected) << "after " << kills << " kills";
    fs::remove_all(killed);
  }
  std::printf(
      "%d kills, %d of them within a checkpoint's writing, left %zu different checkpoints to go on from; "
      "the run ended %d times\n",
      kills, within_checkpoint, resumed_from.size(), finished);
  EXPECT_GE(within_checkpoint, kills / 10);
  expect_ok(run(files.train_command("killed") + kSettings));
  EXPECT_EQ(last_checkpoint_bytes(killed), expected);
  // What a killed writer left behind is gone, and the metrics have each step once.
  for (const auto& entry : fs::directory_iterator(killed / "checkpoints")) {
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
  }
  const std::string metrics = testing::read_bytes(killed / "metrics.jsonl");
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
  const auto result = run("sh -c 'ulimit -f 32; " + files.train_command() + " --set train.steps=8'");
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_NE(result.err.find("error: "), std::string::npos) << result.err;
  EXPECT_EQ(testing::read_bytes(files / "run/checkpoints/step-00000006/model.safetensors"), before);
  expect_ok(run(files.train_command() + " --quiet --set train.steps=8"));
  EXPECT_TRUE(fs::exists(files / "run/checkpoints/step-00000008"));
}

fs::path events_file(const fs::path& run_directory) {
  for (const auto& entry : fs::directory_iterator(run_directory)) {
    if (entry.path().filename().string().starts_with("events.")) return entry.path();
  }
  return {};
}

/// Files of `process` can grow to `bytes` and no further.
void limit_files(const testing::Process& process, rlim_t bytes) {
  const rlimit limited{bytes, RLIM_INFINITY};
  ASSERT_EQ(prlimit(process.id(), RLIMIT_FSIZE, &limited, nullptr), 0);
}

// The disk fills up in the middle of a line, and later there is room again.
TEST(Kill, AFullDiskEndsNoRunAndLosesNoMeasurement) {
  const TrainedRun files(false);
  const fs::path metrics = files / "run/metrics.jsonl";
  testing::Process process(
      "sh -c 'exec " + files.train_command() +
      " --steps 1000000 --sample-interval 0 --checkpoint-interval 0 --snapshot-interval 0'");
  const auto size = [&] { return fs::exists(metrics) ? fs::file_size(metrics) : 0; };
  const auto wait_for = [&](uintmax_t bytes) {
    while (process.running() && size() < bytes) testing::sleep_ms(5);
  };
  wait_for(1000);
  limit_files(process, size() + 1000);
  for (uintmax_t before = 0; process.running() && before < size();) {
    before = size();
    testing::sleep_ms(500);
  }
  const std::string written = testing::read_bytes(metrics);
  EXPECT_EQ(written.back(), '\n');
  limit_files(process, RLIM_INFINITY);
  wait_for(written.size() + 1000);
  process.send(SIGTERM);
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("warning: cannot write " + metrics.string() + ": File too large; "),
            std::string::npos)
      << result.err;
  int64_t step = 0;
  for_each_metric(files / "run", [&](int64_t of, const std::string& key, double) {
    if (key != "loss") return;
    EXPECT_EQ(of, step + 2);
    step = of;
  });
  const auto events = testing::read_bytes(events_file(files / "run"));
  truncate_events(files / "run", step);  // which would drop half a record
  EXPECT_EQ(testing::read_bytes(events_file(files / "run")), events);
}

}  // namespace
}  // namespace uvic
