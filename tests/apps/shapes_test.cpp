// A model that is told what to draw draws it: shapes, colours and sides of pictures that a few lines make,
// packed, trained on for a minute, sampled by prompts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "io/npy.h"
#include "support/captioned_run.h"

namespace uvic {
namespace {

using testing::expect_ok;
using testing::run;

const std::array<std::pair<const char*, cv::Scalar>, 4> kColours = {
    {{"red", {30, 30, 230}}, {"green", {40, 180, 40}}, {"blue", {230, 60, 30}}, {"yellow", {20, 220, 240}}}};
const std::array<const char*, 2> kShapes = {"circle", "square"};
constexpr int kSide = 16;

/// One shape on each side, of two colours.
struct Scene {
  int shape[2], colour[2];  // left, right

  std::string caption() const {
    return c10::str("a ", kColours[size_t(colour[0])].first, " ", kShapes[size_t(shape[0])], " left of a ",
                    kColours[size_t(colour[1])].first, " ", kShapes[size_t(shape[1])]);
  }
  cv::Mat picture() const {
    cv::Mat drawn(kSide * 8, kSide * 8, CV_8UC3, cv::Scalar::all(255)), small;
    for (int side = 0; side < 2; ++side) {
      const cv::Point middle(side == 0 ? 32 : 96, 64);
      const cv::Scalar& paint = kColours[size_t(colour[side])].second;
      if (shape[side] == 0) {
        cv::circle(drawn, middle, 28, paint, cv::FILLED);
      } else {
        cv::rectangle(drawn, middle - cv::Point(28, 28), middle + cv::Point(28, 28), paint, cv::FILLED);
      }
    }
    cv::resize(drawn, small, {kSide, kSide}, 0, 0, cv::INTER_AREA);
    return small;
  }
};

std::vector<Scene> scenes() {
  std::vector<Scene> all;
  for (int i = 0; i < 4 * 16; ++i) {
    const Scene scene{{i & 1, i >> 1 & 1}, {i >> 2 & 3, i >> 4}};
    if (scene.colour[0] != scene.colour[1]) all.push_back(scene);
  }
  return all;
}

/// float [3, kSide, kSide] in 0 .. 255, RGB, as samples are.
at::Tensor pixels(const cv::Mat& picture) {
  return at::from_blob(picture.data, {kSide, kSide, 3}, at::kByte)
      .clone()
      .permute({2, 0, 1})
      .flip(0)
      .to(at::kFloat);
}

TEST(Shapes, ColoursShapesAndSidesAreThoseAskedFor) {
  const testing::TemporaryDirectory folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  const auto all = scenes();
  std::string lines;
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string file = std::to_string(i) + ".png";
    testing::write_image(folder / "data" / file, all[i].picture());
    lines += "{\"file_name\": \"" + file + "\", \"text\": \"" + all[i].caption() + "\"}\n";
  }
  testing::write_bytes(folder / "data/metadata.jsonl", lines);
  expect_ok(run("uvic-data pack " + path("data") + " --image-size 16 --quiet --out " + path("shapes.pack")));

  DiffusionConfig config = testing::captioned_config(path("shapes.pack"));
  config.model.img_size = {kSide};
  config.model.patch_size = 4;
  config.model.embed_dim = 96;
  config.model.depth = 4;
  config.model.num_heads = 4;
  config.model.clip_dim = 64;
  config.model.num_clip_token = 12;
  config.model.text_vocab = 3514;
  config.text.tokenizer = testing::fixture("clip").string();
  config.diffusion.prediction = PredictionKind::kX0;
  config.diffusion.p_uncond = 0.1;
  config.data.kind = DataKind::kPack;
  config.data.random_flip = RandomFlip::kFalse;
  config.data.val_fraction = 0;
  config.optimizer.kind = OptimizerKind::kMuon;  // of 48 scenes 48 after 700 steps; by AdamW 26 after 2,000
  config.optimizer.lr = 2e-3;
  config.optimizer.betas = {0.9, 0.99};
  config.optimizer.warmup_steps = 50;
  config.optimizer.schedule = RateSchedule::kCosine;
  config.train.steps = 1000;
  config.train.batch_size = 32;
  config.train.ema = {0.99};
  config.train.val_interval = 0;
  config.train.sample_interval = 0;
  config.train.checkpoint_interval = 1000;
  config.train.log_interval = 100;
  config.sample.steps = 20;
  config.sample.cfg = 2;
  config.sample.clip_x0 = true;
  testing::write_bytes(folder / "config.yaml", config.to_yaml());
  expect_ok(run("uvic-train --device cpu --threads 2 --quiet --config " + path("config.yaml") + " --out " +
                path("run")));

  // Ten scenes, spread over all.
  std::string prompts;
  std::vector<Scene> asked;
  for (size_t i = 0; i < 10; ++i) {
    asked.push_back(all[i * all.size() / 10]);
    prompts += asked.back().caption() + "\n";
  }
  testing::write_bytes(folder / "prompts.txt", prompts);
  expect_ok(run("uvic-sample --checkpoint " + path("run") + " --device cpu --threads 2 --quiet --prompts " +
                path("prompts.txt") + " --raw " + path("samples.npy")));
  const at::Tensor samples = (load_npy(path("samples.npy")) + 1) * 127.5;
  int right = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    const Scene* nearest = nullptr;
    double least = INFINITY;
    for (const Scene& scene : all) {
      const double distance = (samples[int64_t(i)] - pixels(scene.picture())).square().sum().item<double>();
      if (distance < least) std::tie(least, nearest) = std::pair(distance, &scene);
    }
    right += nearest->caption() == asked[i].caption();
  }
  std::printf("%d of 10 are right\n", right);
  EXPECT_GE(right, 9);
}

}  // namespace
}  // namespace uvic
