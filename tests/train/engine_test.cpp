// The engine with a task that has nothing to do with images: a line through points.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/errors.h"
#include "core/log.h"
#include "core/signals.h"
#include "io/safetensors.h"
#include "recipe/layout.h"
#include "support/support.h"
#include "train/checkpoint.h"
#include "train/line_task.h"
#include "train/trainer.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using testing::Engine;
using testing::LineTask;

TEST_F(Engine, TrainsLogsPreviewsAndSavesAnyTask) {
  LineTask task;
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_EQ(task.previews, (std::vector<int64_t>{3, 6}));
  EXPECT_TRUE(task.finished);
  const auto all = lines();
  ASSERT_EQ(all.size(), 4U);  // 2, 3 (validation alone), 4, 6
  EXPECT_EQ(all[0].at("points"), 16);
  for (const char* key : {"loss", "lr", "grad_norm", "points_per_second", "slope"})
    EXPECT_TRUE(all[0].contains(key)) << key;
  EXPECT_EQ(all[1].at("step"), 3);
  EXPECT_FALSE(all[1].contains("loss"));
  EXPECT_TRUE(all[3].contains("loss") && all[3].contains("val_loss") && all[3].contains("val_loss_ema"));
  EXPECT_LT(all[3].at("loss").get<double>(), all[0].at("loss").get<double>());
  EXPECT_EQ(
      load_safetensors_metadata(part_of(checkpoint_path(directory_ / "run", 6), "model")).at("uvic.step"),
      "6");
}

TEST_F(Engine, MicroBatchesAreSlicesInOrder) {
  config_.train.grad_accum = 4;
  config_.train.steps = 2;
  LineTask task;
  std::vector<Slice> seen;
  task.on_slice = [&](const Slice& slice) { seen.push_back(slice); };
  train(task);
  std::vector<Slice> expected;
  for (int64_t i = 0; i < 8; ++i) expected.push_back({i / 4, i % 4 * 2, 2, 8});
  EXPECT_EQ(seen, expected);
}

// So that TensorBoard, too, forgets what came after the checkpoint: Event { session_log { status: START } }.
TEST_F(Engine, AResumedRunDeclaresLaterEventsVoid) {
  const auto starts = [&] {
    int64_t count = 0;
    for (const auto& entry : fs::directory_iterator(directory_ / "run")) {
      if (!entry.path().filename().string().starts_with("events.")) continue;
      count += testing::read_bytes(entry).find("\x3a\x02\x08\x01") != std::string::npos;
    }
    return count;
  };
  LineTask task;
  train(task);
  EXPECT_EQ(starts(), 0);
  config_.train.steps = 8;
  sleep(1);  // event files are named by the second
  train(task);
  EXPECT_EQ(starts(), 1);
  fs::remove_all(directory_ / "run/checkpoints");  // as a run that was killed before its first
  sleep(1);
  train(task);
  EXPECT_EQ(starts(), 1);  // the files of before hold nothing that counts any more
}

// Ten steps of NaN whose weights are finite: the checkpoint after the last good step has these weights.
TEST_F(Engine, ARunThatDivergedKeepsACheckpointOfBeforeAsItsLatest) {
  config_.train.steps = 100;
  const fs::path run = directory_ / "run", good = checkpoint_path(run, 4), bad = checkpoint_path(run, 6);
  for (const std::string ending : {".diverged-1", ".diverged-2"}) {  // the same command comes to the same
    LineTask task;
    task.spoil_from = 6;
    EXPECT_THROW_WITH(
        train(task), std::runtime_error,
        "step 16: the loss or the gradient was not finite 10 steps in a row; moved its weights to " +
            bad.string() + ending + "; begin a new run with a lower optimizer.lr or with " +
            "train.grad_clip: another --out, and --init-from " + good.string() +
            " for the last good weights");
    EXPECT_EQ(latest_checkpoint(run), good);
  }
}

// Not while steps are skipped: these weights may be what is wrong.
TEST_F(Engine, ACheckpointThatIsDueAtASkippedStepWaitsForTheNextGoodOne) {
  LineTask task;
  task.spoil_from = 3;
  task.spoil_to = 4;
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  std::vector<std::string> names;
  for (const fs::path& checkpoint : checkpoints_of(directory_ / "run"))
    names.push_back(checkpoint.filename());
  EXPECT_EQ(names, (std::vector<std::string>{"step-00000006", "step-00000005", "step-00000002"}));
}

// In a process of its own, as the signal stays received.
TEST_F(Engine, ASignalDoesNotSaveWeightsThatAreNotFinite) {
  EXPECT_EXIT(
      {
        at::set_num_threads(1);
        install_signal_handlers();
        LineTask task;
        task.on_slice = [&](const Slice& slice) {
          if (slice.step != 3) return;
          const at::NoGradGuard no_grad;
          task.module()->parameters()[1].fill_(std::numeric_limits<float>::infinity());
          std::raise(SIGTERM);
        };
        try {
          train(task);
        } catch (const std::runtime_error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          std::_Exit(1);
        }
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(1), "step 4: bias of model.safetensors holds values that are not finite");
  EXPECT_EQ(latest_checkpoint(directory_ / "run"), checkpoint_path(directory_ / "run", 2));
}

TEST_F(Engine, AResumeOnOtherDataSaysWhatChangedAndStops) {
  LineTask task;
  train(task);
  config_.train.steps = 8;
  LineTask other;
  other.data = "other points";
  const std::string before = testing::read_bytes(directory_ / "run/metrics.jsonl");
  EXPECT_THROW_WITH(train(other), UsageError, "the data is not what it was: points then, other points now");
  EXPECT_EQ(testing::read_bytes(directory_ / "run/metrics.jsonl"), before);
  config_.train.allow_new_data = true;
  EXPECT_EQ(train(other), TrainOutcome::kFinished);
  // From now on these are its data.
  config_.train.allow_new_data = false;
  config_.train.steps = 10;
  EXPECT_THROW_WITH(train(task), UsageError, "other points then, points now");
}

TEST_F(Engine, ACosineThatWouldJumpIsRefused) {
  config_.optimizer.schedule = RateSchedule::kCosine;
  LineTask task;
  train(task);
  EXPECT_NO_THROW(RunDirectory(directory_ / "run", config_, false));
  config_.train.steps = 12;
  EXPECT_THROW_WITH(train(task), UsageError, "train.steps is 6 there and 12 here");
  EXPECT_THROW_WITH(train(task), UsageError, "would jump from 0 to 0.0");
  config_.optimizer.schedule = RateSchedule::kConstant;
  LineTask fresh;
  config_.train.steps = 6;
  train(fresh, "constant");
  config_.train.steps = 12;
  EXPECT_EQ(train(fresh, "constant"), TrainOutcome::kFinished);
}

// In a process of its own, as the signal stays received.
TEST_F(Engine, ASignalEndsTheStepSavesOnceAndResumesToTheSameBytes) {
  LineTask whole;
  train(whole, "whole");
  EXPECT_EXIT(
      {
        at::set_num_threads(1);  // the pool of threads did not survive the fork
        install_signal_handlers();
        LineTask task;
        task.on_slice = [](const Slice& slice) {
          if (slice.step == 2) std::raise(SIGTERM);
        };
        const bool right = train(task) == TrainOutcome::kInterrupted && task.previews.empty() &&
                           fs::exists(checkpoint_path(directory_ / "run", 3));
        std::_Exit(right ? 3 : 1);
      },
      ::testing::ExitedWithCode(3), "SIGTERM: saved .*step-00000003; the same command resumes");
  LineTask task;
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_EQ(checkpoint(6), checkpoint(6, "whole"));
}

// The run is over when its last score is there, not before: exit code 3, and the same command makes it.
TEST_F(Engine, ASignalDuringTheLastScoreLeavesItOwed) {
  config_.train.eval_interval = 4;
  EXPECT_EXIT(
      {
        at::set_num_threads(1);
        install_signal_handlers();
        LineTask task;
        task.line_scorer.emplace();
        task.line_scorer->on_start = [](int64_t step) {
          if (step == 6) std::raise(SIGINT);
        };
        std::_Exit(train(task) == TrainOutcome::kInterrupted ? 3 : 1);
      },
      ::testing::ExitedWithCode(3), "SIGINT: saved .*step-00000006; its score is still to come");
  EXPECT_TRUE(has_metric(directory_ / "run", 4, "score"));
  EXPECT_FALSE(has_metric(directory_ / "run", 6, "score"));
  LineTask task;
  task.line_scorer.emplace();
  {
    const RunDirectory run(directory_ / "run", config_, false);
    EXPECT_FALSE(is_finished(run, config_.train, task.scorer()));
  }
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_TRUE(has_metric(directory_ / "run", 6, "score"));
  const RunDirectory run(directory_ / "run", config_, false);
  EXPECT_TRUE(is_finished(run, config_.train, task.scorer()));
}

}  // namespace
}  // namespace uvic
