// Bad input: exit code 2, one clear line, nothing written.
#include <gtest/gtest.h>

#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_usage_error;
using testing::run;
using testing::TrainedRun;

TEST(BadInput, Training) {
  const TrainedRun files(false);
  const std::string train = files.train_command();
  const auto config_with = [&](const std::string& text) {
    testing::write_bytes(files / "bad.yaml", text);
    return "uvic-train --out " + (files / "run").string() + " --config " + (files / "bad.yaml").string();
  };
  expect_usage_error("uvic-train --no-such-option", "--no-such-option");
  expect_usage_error("uvic-train", "--out: give the run directory");
  expect_usage_error(train + " --config /nowhere.yaml", "/nowhere.yaml: cannot read this config file");
  expect_usage_error(train + " --device cuda", "no CUDA device is available");
  expect_usage_error(train + " --device gpu", "must be auto, cpu, cuda");
  expect_usage_error(train + " --threads 0x", "--threads");
  expect_usage_error(config_with("model:\n  dept: 4\n"),
                     "bad.yaml:2: unknown key 'model.dept'; did you mean 'model.depth'?");
  expect_usage_error(config_with("train: {steps: many}\n"),
                     "bad.yaml:1: train.steps: 'many' is not a whole number");
  expect_usage_error(config_with("optimizer: {lr: -1}\n"),
                     "optimizer.lr: -1 is out of range; it must be a number of at least 0");
  expect_usage_error(config_with("model: [\n"), "bad.yaml:");
  expect_usage_error(train + " --set model.attention=cogg", "did you mean 'cog'?");
  expect_usage_error(train + " --set train.grad_accum=3",
                     "train.grad_accum: 3 must divide train.batch_size 4");
  expect_usage_error(train + " --set train.ema_widths=[] --set train.snapshot_interval=2",
                     "there are no train.ema_widths");
  expect_usage_error(train + " --set data.path=/nowhere", "/nowhere");
  expect_usage_error(train + " --set data.path=", "data.path");
  expect_usage_error(train + " --set model.num_classes=4", "labels go up to 3");
  expect_usage_error(train + " --set model.img_size=16", "images are 1x8x8");
  expect_usage_error(train + " --init-from /nowhere", "/nowhere: no such file or folder");
  EXPECT_FALSE(fs::exists(files / "run"));
}

TEST(BadInput, DamagedDataIsFoundBeforeTraining) {
  const TrainedRun files(false);
  const fs::path images = files / "data" / testing::kImages;
  const std::string whole = testing::read_bytes(images);
  testing::write_bytes(images, whole.substr(0, whole.size() - 1));
  expect_usage_error(files.train_command(), testing::kImages);
  fs::remove(images);
  expect_usage_error(files.train_command(), testing::kImages);
  EXPECT_FALSE(fs::exists(files / "run"));
}

TEST(BadInput, ResumeWithAnotherConfig) {
  const TrainedRun files;
  expect_usage_error(files.train_command() + " --set optimizer.lr=0.5 --set model.conv=false",
                     "model.conv, optimizer.lr differ");
  const auto finished = run(files.train_command());
  EXPECT_EQ(finished.code, 0);
  EXPECT_NE(finished.err.find("finished already"), std::string::npos) << finished.err;
}

TEST(BadInput, SamplingAndDumping) {
  const TrainedRun files;
  const std::string sample = "uvic-sample " + files.checkpoint() + " --out " + (files / "grid.png").string();
  expect_usage_error("uvic-sample", "--checkpoint is required");
  expect_usage_error("uvic-sample --checkpoint /nowhere", "no such file or folder");
  expect_usage_error(sample + " --solver ddimm", "did you mean 'ddim'?");
  expect_usage_error(sample +
                         " --set diffusion.schedule=flow --set diffusion.prediction=flow "
                         "--solver dpm_solver_fast",
                     "(no signal left); use ddim");
  expect_usage_error(sample + " --ema-width 0.5", "--ema-width '0.5': must be a number above 0");
  expect_usage_error(sample + " --guide-checkpoint /nowhere", "/nowhere: no such file or folder");
  expect_usage_error(sample + " --guide-checkpoint " UVIC_SOURCE "/assets/fashion_mnist_cog.safetensors",
                     "model.img_size is [28], but that of the network it is to guide is [8]");
  expect_usage_error(sample + " --weights ema-0.5", "does not exist");
  expect_usage_error(sample + " --seeds 5-2", "runs backwards");
  expect_usage_error(sample + " --seeds 1,x", "'x' is not a seed");
  expect_usage_error(sample + " --seeds 4294967296", "is not a seed");
  expect_usage_error(sample + " --seeds 0-9 --grid 3x3", "--grid 3x3 has 9 places but there are 10 seeds");
  expect_usage_error(sample + " --grid 3by3", "must be ROWSxCOLS");
  expect_usage_error(sample + " --class 4", "classes 0 to 3");
  expect_usage_error(sample + " --class-per-row --grid 3x4",
                     "the grid has 3 rows but the model has 4 classes");
  expect_usage_error(sample + " --class 1 --labels random", "excludes");
  expect_usage_error(sample + " --out /nowhere/grid.png", "there is no folder /nowhere");
  expect_usage_error(sample + " --set model.depth=4",
                     "model.depth is 4, but the weights have 2 (1 in_blocks)");
  const std::string dump = "uvic-fid dump " + files.checkpoint();
  expect_usage_error("uvic-fid", "error: give a command, one of dump, merge, verify, stats, score");
  expect_usage_error(dump + " --out " + (files / "d").string(), "give --num N or --seeds a-b");
  expect_usage_error(dump + " --num 4", "--out: give the folder");
  expect_usage_error(dump + " --num 4 --out " + (files / "config.yaml").string(),
                     "ends in .yaml; what can be written is a folder, x.zip or x.npz");

  testing::write_bytes(files / "bare.safetensors", "not a weights file at all");
  expect_usage_error("uvic-sample --checkpoint " + (files / "bare.safetensors").string(), "bare.safetensors");
  const fs::path weights = files / "run/checkpoints/step-00000006/ema-0.9.safetensors";
  const std::string whole = testing::read_bytes(weights);
  testing::write_bytes(weights, whole.substr(0, whole.size() - 4));
  // Of a run, that of the checkpoint before would be taken (resume_test.cpp).
  expect_usage_error("uvic-sample --checkpoint " + weights.parent_path().string() + " --out " +
                         (files / "grid.png").string(),
                     "ema-0.9.safetensors");
  EXPECT_FALSE(fs::exists(files / "grid.png"));
}

}  // namespace
}  // namespace uvic
