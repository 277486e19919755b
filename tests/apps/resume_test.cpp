// What a user does to a run between two commands: damaged files, advice that is followed.
#include <gtest/gtest.h>

#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

void cut_off(const fs::path& file) {
  fs::resize_file(file, fs::file_size(file) / 2);
}

bool says(const testing::ProcessResult& result, const std::string& text) {
  return result.err.find(text) != std::string::npos;
}

TEST(Resume, ATruncatedNewestCheckpointIsLeftOutAndTheOneBeforeGivesTheSameRun) {
  const TrainedRun files(false);
  const std::string seven = " --quiet --steps 8 --checkpoint-interval 2";
  expect_ok(run(files.train_command("whole") + seven));
  expect_ok(run(files.train_command() + " --quiet --checkpoint-interval 2"));
  const fs::path newest = files / "run/checkpoints/step-00000006";
  cut_off(newest / "training.safetensors");
  const auto resumed = run(files.train_command() + seven);
  expect_ok(resumed);
  EXPECT_TRUE(says(resumed, "warning: " + (newest / "training.safetensors").string() + ": tensor \""))
      << resumed.err;
  EXPECT_TRUE(says(resumed, "; going on from step-00000004, kept as " + newest.string() + ".damaged-1\n"))
      << resumed.err;
  for (const char* step : {"step-00000006", "step-00000008"}) {
    for (const char* file : {"model", "ema-0.9", "training"}) {
      const std::string name = std::string("checkpoints/") + step + "/" + file + ".safetensors";
      EXPECT_EQ(testing::read_bytes(files / ("run/" + name)), testing::read_bytes(files / ("whole/" + name)))
          << name;
    }
  }
}

TEST(Resume, SamplingFromARunTakesTheWeightsOfTheCheckpointBefore) {
  const TrainedRun files;
  const std::string sample =
      "uvic-sample " + files.checkpoint() + " --seeds 0-3 --out " + (files / "x.png").string();
  const fs::path newest = files / "run/checkpoints/step-00000006/ema-0.9.safetensors";
  testing::write_bytes(newest, std::string(fs::file_size(newest), '\0'));
  const auto sampled = run(sample);
  expect_ok(sampled);
  EXPECT_EQ(sampled.err, "warning: " + newest.string() + ": damaged: it begins with zeros alone (" +
                             std::to_string(fs::file_size(newest)) + " bytes); using " +
                             (files / "run/checkpoints/step-00000004/ema-0.9.safetensors").string() +
                             " instead\n");
  for (const char* step : {"2", "4"})
    cut_off(files / ("run/checkpoints/step-0000000" + std::string(step) + "/ema-0.9.safetensors"));
  testing::expect_usage_error(sample, "the weights of every checkpoint are damaged: ");
}

TEST(Resume, WithoutAWholeCheckpointEachIsNamed) {
  const TrainedRun files;
  for (const char* step : {"2", "4", "6"})
    fs::resize_file(files / ("run/checkpoints/step-0000000" + std::string(step) + "/model.safetensors"), 0);
  const auto refused = run(files.train_command() + " --steps 8");
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(says(refused, "none of its checkpoints can be gone on from: ")) << refused.err;
  for (const char* step : {"2", "4", "6"})
    EXPECT_TRUE(says(
        refused, "step-0000000" + std::string(step) + "/model.safetensors: the file is truncated (0 bytes)"))
        << refused.err;
  expect_ok(run(files.train_command() + " --quiet --restart"));
}

TEST(Resume, StartAndDryRunSayWhatCannotMeanWhatItSays) {
  const TrainedRun files(false);
  const std::string settings =
      " --ema 0.9999 --set optimizer.warmup_steps=2500 --set optimizer.lr=0.5 --batch-size 48 ";
  const auto dry = run(files.train_command() + settings + "--dry-run"),
             real = run(files.train_command() + settings);
  expect_ok(dry);
  for (const auto& result : {dry, real}) {
    for (const std::string text :
         {"warning: train.ema: after 6 steps the average of decay 0.9999 is still 100 % the initial weights",
          "set train.ema_warmup=ramp, or a smaller decay such as 0.5\n",
          "warning: optimizer.warmup_steps: a warm-up of 2500 steps is longer than the run of 6, so that the "
          "learning rate ends at 0.001 of 0.5; set it lower\n",
          "warning: optimizer.lr: 0.5 is very large for AdamW",
          "warning: train.batch_size: 48 is more than the 24 images of the data"})
      EXPECT_TRUE(says(result, text)) << text << "\n" << result.err;
  }
  const auto followed = run(files.train_command("other") + " --ema 0.9999 --ema-warmup ramp --dry-run");
  EXPECT_FALSE(says(followed, "warning")) << followed.err;
}

TEST(Resume, AFinishedCosineSaysHowToGoOnAndThatWorks) {
  const TrainedRun files(false);
  const std::string cosine = " --quiet --set optimizer.schedule=cosine ";
  expect_ok(run(files.train_command() + cosine));
  const auto finished = run(files.train_command() + " --set optimizer.schedule=cosine");
  EXPECT_TRUE(says(finished,
                   "optimizer.schedule cosine has come to its end; a new run can begin with its weights: "
                   "another --out, --init-from " +
                       (files / "run").string()))
      << finished.err;
  testing::expect_usage_error(files.train_command() + cosine + "--steps 12",
                              "the learning rate would jump from 0 to 0.00");
  expect_ok(run(files.train_command("next") + cosine + "--init-from " + (files / "run").string()));
}

}  // namespace
}  // namespace uvic
