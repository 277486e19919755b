// uvic-sample: what it writes, and that a PNG's record makes the same PNG again.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "io/grid.h"
#include "io/npy.h"
#include "io/png.h"
#include "io/png_decode.h"
#include "io/safetensors.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

class SampleApp : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = new TrainedRun; }
  static void TearDownTestSuite() { delete files_; }
  static const TrainedRun& files() { return *files_; }
  static std::string path(const std::string& name) { return (files() / name).string(); }
  static std::string sample(const std::string& options) {
    return "uvic-sample " + files().checkpoint() + " " + options;
  }
  static std::string record(const std::string& png) { return inspect_png(path(png))->text.at("parameters"); }

 private:
  static TrainedRun* files_;
};
TrainedRun* SampleApp::files_ = nullptr;

TEST_F(SampleApp, TheRecordAloneMakesTheSameFileAgain) {
  const std::vector<std::string> cases = {
      "--seeds 0-5 --grid 2x3",
      "--seeds 7,3,100 --class 2 --solver euler_maruyama_sde --steps 7 --cfg 1 --precision bf16",
      "--class-per-row --grid 4x2 --clip-x0 --t-end 0.01 --time-grid logSNR --batch 3 --weights raw",
      "--labels random --grid 2x2 --solver dpmpp_2m --set diffusion.beta_max=15",
  };
  for (const auto& options : cases) {
    expect_ok(run(sample(options + " --out " + path("first.png"))));
    const auto json = nlohmann::json::parse(record("first.png"));
    expect_ok(run(json.at("command").get<std::string>() + " --out " + path("second.png")));
    EXPECT_EQ(testing::read_bytes(path("first.png")), testing::read_bytes(path("second.png"))) << options;
  }
}

TEST_F(SampleApp, TheRecordNamesEvaluationsAndWeights) {
  expect_ok(run(sample("--seeds 0-3 --steps 9 --out " + path("named.png"))));
  const auto json = nlohmann::json::parse(record("named.png"));
  EXPECT_EQ(json.at("evaluations"), 9);
  EXPECT_EQ(json.at("weights_crc32").get<std::string>().size(), 8U);
}

TEST_F(SampleApp, GridRawAndImagesShowTheSamePixels) {
  expect_ok(run(sample("--seeds 4,1 --grid 1x2 --out " + path("g.png") + " --raw " + path("g.npy") +
                       " --images " + path("g"))));
  const at::Tensor raw = load_npy(path("g.npy"));
  ASSERT_EQ(raw.sizes(), at::IntArrayRef({2, 1, 8, 8}));
  const at::Tensor bytes = to_uint8(raw);
  const cv::Mat grid = cv::imread(path("g.png"), cv::IMREAD_UNCHANGED);
  const cv::Mat second = cv::imread(path("g") + "/000001.png", cv::IMREAD_UNCHANGED);
  ASSERT_EQ(grid.cols, 22);
  ASSERT_EQ(second.cols, 8);
  EXPECT_TRUE(fs::exists(path("g") + "/000004.png"));
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      EXPECT_EQ(grid.at<uint8_t>(y + 2, x + 2), bytes[0][0][y][x].item<uint8_t>());
      EXPECT_EQ(grid.at<uint8_t>(y + 2, x + 12), bytes[1][0][y][x].item<uint8_t>());
      EXPECT_EQ(second.at<uint8_t>(y, x), bytes[1][0][y][x].item<uint8_t>());
    }
  }
}

TEST_F(SampleApp, SaveStepsWritesIntermediateGridsOfAllBatches) {
  expect_ok(run(sample("--seeds 0-5 --batch 4 --steps 4 --save-steps 2 --out " + path("s.png"))));
  EXPECT_EQ(inspect_png(path("s-step-0002.png"))->width, inspect_png(path("s.png"))->width);
  EXPECT_TRUE(fs::exists(path("s-step-0004.png")));
  EXPECT_FALSE(fs::exists(path("s-step-0001.png")));
}

TEST_F(SampleApp, ABareWeightsFileWithItsConfigGivesTheSameImages) {
  const fs::path own = files() / "run/checkpoints/step-00000006/ema-0.9.safetensors";
  save_safetensors(path("bare.safetensors"), load_safetensors(own).tensors);
  expect_ok(run(sample("--seeds 0-1 --raw " + path("own.npy"))));
  expect_ok(run("uvic-sample --quiet --threads 2 --checkpoint " + path("bare.safetensors") + " --config " +
                path("config.yaml") + " --seeds 0-1 --raw " + path("bare.npy")));
  EXPECT_EQ(testing::read_bytes(path("own.npy")), testing::read_bytes(path("bare.npy")));
}

// What a signal finds finished is kept: images and rows are written as they come.
TEST_F(SampleApp, ASignalKeepsWhatIsFinishedAndExits3) {
  const std::string options = "--seeds 0-399 --batch 2 --steps 100 --grid 20x20 --out " + path("i.png") +
                              " --images " + path("i") + " --raw " + path("i.npy");
  testing::Process process(sample(options));
  while (process.running() && !fs::exists(path("i") + "/000003.png")) testing::sleep_ms(5);
  process.send(SIGINT);
  const auto result = process.wait();
  ASSERT_EQ(result.code, 3) << result.err;
  const auto made = std::distance(fs::directory_iterator(path("i")), fs::directory_iterator{});
  EXPECT_NE(result.err.find("SIGINT: " + std::to_string(made) + " of 400 images made, those of the seeds 0-"),
            std::string::npos)
      << result.err;
  const at::Tensor rows = load_npy(path("i.npy"));
  EXPECT_EQ(rows.sizes(), at::IntArrayRef({made, 1, 8, 8}));
  EXPECT_TRUE(at::equal(to_uint8(rows[3]), decode_png(testing::read_bytes(path("i") + "/000003.png"))));
  const auto grid = inspect_png(path("i.png"));
  ASSERT_TRUE(grid.has_value());
  EXPECT_EQ(grid->width, 202);
  EXPECT_FALSE(grid->text.contains("parameters"));  // no command makes it again
  for (const auto& entry : fs::directory_iterator(files() / ""))
    EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
}

// A network of latents: said before sampling, with what to do instead.
TEST_F(SampleApp, LatentsAreNotPictures) {
  UViT model(
      {.img_size = {8}, .in_chans = 4, .embed_dim = 16, .depth = 2, .num_heads = 2, .num_classes = -1});
  save_safetensors(
      path("latents.safetensors"), named_weights(model),
      {{"uvic.config",
        "model: {img_size: 8, in_chans: 4, embed_dim: 16, depth: 2, num_heads: 2, num_classes: -1}\n"
        "sample: {solver: ddim, steps: 2}\n"}});
  const std::string command =
      "uvic-sample --device cpu --threads 2 --quiet --checkpoint " + path("latents.safetensors");
  for (const std::string& option : {"--out " + path("l.png"), "--images " + path("l")}) {
    testing::expect_usage_error(command + " " + option,
                                option + ": what this model makes are latents of 4 channels");
    testing::expect_usage_error(command + " --dry-run " + option, "uvic-sample --raw F.npy");
  }
  testing::expect_usage_error(
      "uvic-fid dump --num 2 --checkpoint " + path("latents.safetensors") + " --out " + path("ld"),
      "uvic-fid dump: what this model makes are latents");
  EXPECT_FALSE(fs::exists(path("l.png")) || fs::exists(path("l")) || fs::exists(path("ld")));
  expect_ok(run(command + " --seeds 0-2 --raw " + path("l.npy")));
  EXPECT_EQ(load_npy(path("l.npy")).sizes(), at::IntArrayRef({3, 4, 8, 8}));
}

}  // namespace
}  // namespace uvic
