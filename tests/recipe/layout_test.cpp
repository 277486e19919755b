#include "recipe/layout.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/safetensors.h"
#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class WeightsFile : public ::testing::Test {
 protected:
  // A run with checkpoints at steps 5 and 20, and a folder that a killed writer left behind.
  WeightsFile() {
    for (const char* name : {"step-00000005", "step-00000020", "step-00000030.tmp-77"}) {
      const fs::path checkpoint = run_.path() / "checkpoints" / name;
      fs::create_directories(checkpoint);
      for (const char* file : {"model", "ema-0.9", "ema-0.9999", "training"}) {
        save_safetensors(checkpoint / (std::string(file) + ".safetensors"), {{"w", at::ones({3})}});
      }
    }
  }
  fs::path latest() const { return run_.path() / "checkpoints" / "step-00000020"; }
  testing::TemporaryDirectory run_;
};

TEST_F(WeightsFile, RunDirectoryMeansItsLatestCheckpointAndTheLargestDecay) {
  EXPECT_EQ(latest_checkpoint(run_.path()), latest());
  EXPECT_EQ(find_weights_file(run_.path(), "ema"), latest() / "ema-0.9999.safetensors");
  EXPECT_EQ(find_weights_file(run_.path(), "ema-0.9"), latest() / "ema-0.9.safetensors");
  EXPECT_EQ(find_weights_file(run_.path(), "raw"), latest() / "model.safetensors");
}

TEST_F(WeightsFile, CheckpointDirectoryAndFile) {
  const fs::path older = run_.path() / "checkpoints" / "step-00000005";
  EXPECT_EQ(find_weights_file(older, "raw"), older / "model.safetensors");
  EXPECT_EQ(find_weights_file(older / "ema-0.9.safetensors", "ema"), older / "ema-0.9.safetensors");
}

TEST_F(WeightsFile, WithoutAveragesEmaMeansRaw) {
  for (const char* file : {"ema-0.9.safetensors", "ema-0.9999.safetensors"}) fs::remove(latest() / file);
  EXPECT_EQ(find_weights_file(run_.path(), "ema"), latest() / "model.safetensors");
}

TEST_F(WeightsFile, ADamagedOneIsPassedOverForThatOfTheCheckpointBefore) {
  const fs::path older = run_.path() / "checkpoints" / "step-00000005";
  EXPECT_EQ(damage_of(latest() / "ema-0.9999.safetensors"), "");
  fs::resize_file(latest() / "ema-0.9999.safetensors", 40);
  EXPECT_NE(damage_of(latest() / "ema-0.9999.safetensors").find("truncated"), std::string::npos);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(find_weights_file(run_.path(), "ema"), older / "ema-0.9999.safetensors");
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("ema-0.9999.safetensors: truncated"),
            std::string::npos);
  EXPECT_EQ(find_weights_file(run_.path(), "raw"), latest() / "model.safetensors");  // which is whole
  fs::resize_file(older / "ema-0.9999.safetensors", 0);
  EXPECT_THROW_WITH(
      find_weights_file(run_.path(), "ema", "--init-from"), UsageError,
      "--init-from " + run_.path().string() + ": the weights of every checkpoint are damaged: ");
}

TEST_F(WeightsFile, WhatIsMissingIsNamed) {
  EXPECT_THROW_WITH(find_weights_file(run_ / "nowhere", "ema"), UsageError, "no such file or folder");
  EXPECT_THROW_WITH(find_weights_file(run_.path(), "ema-0.5"), UsageError,
                    "ema-0.5.safetensors does not exist");
  EXPECT_THROW_WITH(find_weights_file(run_.path(), "best"), UsageError,
                    "must be ema, raw, ema-DECAY or power-WIDTH");
  fs::create_directories(run_ / "empty");
  EXPECT_THROW_WITH(find_weights_file(run_ / "empty", "ema"), UsageError, "holds no finished checkpoint");
}

TEST(CheckpointName, RoundTrip) {
  EXPECT_EQ(checkpoint_name(10000), "step-00010000");
  EXPECT_EQ(checkpoint_step("step-00010000"), 10000);
  EXPECT_EQ(checkpoint_step("step-123456789012"), 123456789012);
  EXPECT_EQ(checkpoint_step("step-00010000.tmp-5"), -1);
  EXPECT_EQ(checkpoint_step("notes"), -1);
}

}  // namespace
}  // namespace uvic
