#include "train/run_directory.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/diffusion_run.h"
#include "support/tiny_run.h"
#include "train/checkpoint.h"
#include "train/run_log.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class Run : public ::testing::Test {
 protected:
  Run() : config_(testing::tiny_config("/nowhere")) {}
  fs::path path() const { return directory_ / "run"; }
  testing::TemporaryDirectory directory_;
  DiffusionConfig config_;
};

TEST_F(Run, AFreshOneHoldsItsConfig) {
  const RunDirectory run(path(), config_, false);
  EXPECT_TRUE(run.resume_from().empty());
  EXPECT_EQ(testing::read_bytes(path() / "config.yaml"), config_.to_yaml());
}

TEST_F(Run, ASecondProcessIsLockedOut) {
  const RunDirectory run(path(), config_, false);
  EXPECT_THROW_WITH(RunDirectory(path(), config_, false), UsageError, "another uvic-train is running there");
}

// What a constructor takes before it throws is given back.
TEST_F(Run, ARefusalDoesNotKeepTheLock) {
  { const RunDirectory run(path(), config_, false); }
  DiffusionConfig other = config_;
  other.optimizer.lr = 0.5;
  EXPECT_THROW(RunDirectory(path(), other, false), UsageError);
  EXPECT_NO_THROW(RunDirectory(path(), config_, false));
}

// What opening the data finds is remembered in the run's folder, which is there for that alone until the data
// is known to be right; never in a folder that is something else's.
TEST_F(Run, MemoryIsTheRunsFolderAndLeavesNothingBehind) {
  {
    const RunMemory memory(path());
    EXPECT_EQ(memory.folder(), path());
    testing::write_bytes(path() / ".image-headers.jsonl", "x");
  }
  EXPECT_FALSE(fs::exists(path()));
  {
    RunMemory memory(path());
    testing::write_bytes(path() / ".image-headers.jsonl", "x");
    memory.keep();
  }
  { const RunDirectory run(path(), config_, false); }
  { EXPECT_EQ(RunMemory(path()).folder(), path()); }
  EXPECT_TRUE(fs::exists(path() / "config.yaml"));
  fs::create_directories(directory_ / "thesis");
  { EXPECT_EQ(RunMemory(directory_ / "thesis").folder(), directory_ / "thesis"); }  // empty: as good as none
  testing::write_bytes(directory_ / "thesis/1.tex", "x");
  { EXPECT_EQ(RunMemory(directory_ / "thesis").folder(), ""); }
  EXPECT_TRUE(fs::exists(directory_ / "thesis/1.tex"));
  {
    const RunMemory memory(directory_ / "shared");
    RunDirectory(directory_ / "shared", config_, false);  // another process was faster
  }
  EXPECT_TRUE(fs::exists(directory_ / "shared/config.yaml"));
}

TEST_F(Run, AnotherConfigIsRefusedWithItsKeys) {
  { const RunDirectory run(path(), config_, false); }
  config_.optimizer.lr = 0.5;
  config_.model.depth = 4;
  EXPECT_THROW_WITH(RunDirectory(path(), config_, false), UsageError, "model.depth, optimizer.lr differ");
}

TEST_F(Run, StepsIntervalsKeepWorkersAndPathsMayChange) {
  { const RunDirectory run(path(), config_, false); }
  config_.train.steps = 99;
  config_.train.log_interval = config_.train.sample_interval = config_.train.checkpoint_interval = 7;
  config_.train.keep = 9;
  config_.data.workers = 5;
  config_.data.path = "/elsewhere";
  EXPECT_NO_THROW(RunDirectory(path(), config_, false));
  EXPECT_EQ(testing::read_bytes(path() / "config.yaml"), config_.to_yaml());
}

TEST_F(Run, ResumesFromTheLatestCheckpoint) {
  {
    const RunDirectory run(path(), config_, false);
    testing::DiffusionState state(config_);
    state.step = 4;
    save_checkpoint(state, path());
  }
  EXPECT_EQ(RunDirectory(path(), config_, false).resume_from(), path() / "checkpoints" / "step-00000004");
}

// A kill while a checkpoint is written or an old one removed leaves a directory under another name.
TEST_F(Run, RemovesWhatAKilledRunLeftBehind) {
  { const RunDirectory run(path(), config_, false); }
  for (const char* name : {"step-00000003.tmp-old", "step-00000009.tmp-4711", "step-00000006"})
    fs::create_directories(path() / "checkpoints" / name / "inside");
  const RunDirectory run(path(), config_, false);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path() / "checkpoints"))
    names.push_back(entry.path().filename());
  EXPECT_EQ(names, std::vector<std::string>{"step-00000006"});
}

TEST_F(Run, RestartMovesTheEarlierRunAside) {
  { const RunDirectory run(path(), config_, false); }
  testing::write_bytes(path() / "note", "mine");
  config_.optimizer.lr = 0.5;
  { const RunDirectory run(path(), config_, true); }
  EXPECT_EQ(testing::read_bytes(directory_ / "run.old-1/note"), "mine");
  EXPECT_FALSE(fs::exists(path() / "note"));
  { const RunDirectory run(path(), config_, true); }
  EXPECT_TRUE(fs::exists(directory_ / "run.old-2"));
}

TEST_F(Run, SomeoneElsesFolderIsLeftAlone) {
  fs::create_directories(path());
  testing::write_bytes(path() / "thesis.tex", "text");
  EXPECT_THROW_WITH(RunDirectory(path(), config_, false), UsageError, "holds files but no config.yaml");
  EXPECT_EQ(testing::read_bytes(path() / "thesis.tex"), "text");
  testing::write_bytes(directory_ / "file", "x");
  EXPECT_THROW_WITH(RunDirectory(directory_ / "file", config_, false), UsageError, "is not a folder");
}

TEST_F(Run, MetricsPastTheCheckpointAreDropped) {
  const RunDirectory run(path(), config_, false);
  testing::write_bytes(path() / "metrics.jsonl", "{\"step\":2}\n{\"step\":4}\n{\"step\":6}\n{\"st");
  truncate_metrics(run.path(), 4);
  EXPECT_EQ(testing::read_bytes(path() / "metrics.jsonl"), "{\"step\":2}\n{\"step\":4}\n");
}

}  // namespace
}  // namespace uvic
