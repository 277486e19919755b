#include "train/run_directory.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/safetensors.h"
#include "recipe/layout.h"
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
    testing::write_bytes(path() / ".what-a-task-remembers", "x");
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
  config_.data.on_error = OnError::kSkip;
  config_.train.val_images = 12;
  config_.preview = {.solver = "ddim", .steps = 7, .cfg = 2, .images = 9};
  config_.sample.solver = "dpmpp_2m";
  config_.sample.steps = 7;
  config_.sample.cfg = 3;
  config_.sample.precision = InferencePrecision::kBf16;
  config_.sample.clip_x0 = true;
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

// The newest checkpoint after something has happened to it: another is found, and room made for it.
class DamagedRun : public Run {
 protected:
  DamagedRun() {
    const RunDirectory run(path(), config_, false);
    testing::DiffusionState state(config_);
    for (const int64_t step : {2, 4}) {
      state.step = step;
      save_checkpoint(state, path());
    }
  }
  fs::path file(const std::string& part, int64_t step = 4) const {
    return part_of(checkpoint_path(path(), step), part);
  }
  void expect_fallback(const std::string& warning) {
    ::testing::internal::CaptureStderr();
    const RunDirectory run(path(), config_, false);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(run.resume_from(), checkpoint_path(path(), 2));
    EXPECT_NE(said.find(warning), std::string::npos) << said;
    EXPECT_NE(said.find("; going on from step-00000002, kept as " + checkpoint_path(path(), 4).string() +
                        ".damaged-1"),
              std::string::npos)
        << said;
    EXPECT_TRUE(fs::exists(checkpoint_path(path(), 4).string() + ".damaged-1/model.safetensors"));
    EXPECT_FALSE(fs::exists(checkpoint_path(path(), 4)));
    testing::DiffusionState state(config_);
    state.step = 4;
    EXPECT_EQ(damage_of_checkpoint(save_checkpoint(state, path())), "");
  }
  // Written as any program would.
  void edit(const std::string& part, const std::string& tensor, float value) const {
    SafeTensors held = load_safetensors(file(part));
    held.tensors.at(tensor).flatten()[0].fill_(value);
    save_safetensors(file(part), held.tensors, held.metadata);
  }
};

TEST_F(DamagedRun, NothingIsWrongWithAWholeOne) {
  EXPECT_EQ(RunDirectory(path(), config_, false).resume_from(), checkpoint_path(path(), 4));
}

TEST_F(DamagedRun, CutOff) {
  fs::resize_file(file("training"), 50000);
  expect_fallback(file("training").string() + ": tensor \"");
}

TEST_F(DamagedRun, Empty) {
  fs::resize_file(file("model"), 0);
  expect_fallback(file("model").string() + ": the file is truncated (0 bytes)");
}

TEST_F(DamagedRun, Zeros) {
  testing::write_bytes(file("ema-0.9"), std::string(fs::file_size(file("ema-0.9")), '\0'));
  expect_fallback(file("ema-0.9").string() + ": damaged: it begins with zeros alone (");
}

TEST_F(DamagedRun, ZerosInItsMiddle) {
  std::string bytes = testing::read_bytes(file("model"));
  std::fill(bytes.end() - 4096, bytes.end(), '\0');
  testing::write_bytes(file("model"), bytes);
  expect_fallback(file("model").string() + ": damaged: its values are not those that were saved");
}

TEST_F(DamagedRun, OneBitOfAValueIsFlipped) {
  for (const char* part : {"model", "ema-0.9", "training"}) {
    const std::string whole = testing::read_bytes(file(part));
    std::string bytes = whole;
    bytes[bytes.size() - 1000] ^= 1;  // the lowest of a float's mantissa
    testing::write_bytes(file(part), bytes);
    EXPECT_EQ(damage_of_checkpoint(checkpoint_path(path(), 4)),
              file(part).string() + ": damaged: its values are not those that were saved");
    testing::write_bytes(file(part), whole);
  }
  std::string bytes = testing::read_bytes(file("training"));
  bytes[bytes.size() - 1000] ^= 1;
  testing::write_bytes(file("training"), bytes);
  expect_fallback(file("training").string() + ": damaged: its values are not those that were saved");
}

TEST_F(DamagedRun, AFileOfItIsGone) {
  fs::remove(file("ema-0.9"));
  expect_fallback(file("ema-0.9").string());
}

TEST_F(DamagedRun, NotFinite) {
  edit("model", "pos_embed", std::numeric_limits<float>::quiet_NaN());
  expect_fallback(file("model").string() + ": pos_embed holds a NaN or an infinity");
}

TEST_F(DamagedRun, MomentsNotFinite) {
  edit("training", "exp_avg_sq.pos_embed", std::numeric_limits<float>::infinity());
  expect_fallback(file("training").string() + ": exp_avg_sq.pos_embed holds a NaN or an infinity");
}

TEST_F(DamagedRun, WithoutAWholeOneEachIsNamed) {
  fs::resize_file(file("training"), 100);
  fs::resize_file(file("model", 2), 100);
  EXPECT_THROW_WITH(RunDirectory(path(), config_, false), UsageError,
                    "none of its checkpoints can be gone on from: " + file("training").string());
  EXPECT_THROW_WITH(RunDirectory(path(), config_, false), UsageError, file("model", 2).string());
  EXPECT_TRUE(fs::exists(file("training")));  // nothing was moved
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
