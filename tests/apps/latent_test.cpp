// The latent path by the real programs, with the small golden autoencoder and CLIP: pack, train, sample,
// decode, dump, kills in each.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/npy.h"
#include "io/png.h"
#include "io/png_decode.h"
#include "io/safetensors.h"
#include "support/captioned_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::fixture;
using testing::run;

/// Sixteen captioned pictures of 32 x 32, and training on their latents of 4 x 8 x 8.
class Latents : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryDirectory;
    std::string lines;
    for (int i = 0; i < 16; ++i) {
      testing::write_image(path("data/" + std::to_string(i) + ".png"), testing::picture(32, 32, i));
      lines += "{\"file_name\": \"" + std::to_string(i) + ".png\", \"text\": \"picture number " +
               std::to_string(i % 4) + "\"}\n";
    }
    testing::write_bytes(path("data/metadata.jsonl"), lines);
    testing::write_bytes(path("config.yaml"), config().to_yaml());
    expect_ok(run(pack("latents.pack")));
    expect_ok(run(train("run")));
  }
  static void TearDownTestSuite() { delete folder_; }

  static DiffusionConfig config() {
    DiffusionConfig config = testing::tiny_config(path("latents.pack"));
    config.model.in_chans = 4;
    config.model.num_classes = -1;
    config.model.clip_dim = 32;
    config.model.num_clip_token = 77;
    config.text.encoder = fixture("clip").string();
    config.data.kind = DataKind::kPack;
    config.data.random_flip = RandomFlip::kTrue;
    config.train.steps = 20;
    config.train.checkpoint_interval = 4;
    config.train.sample_interval = 0;
    config.train.log_interval = 1;
    return config;
  }
  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  static std::string vae() { return fixture("vae_diffusers").string(); }
  static std::string pack(const std::string& out,
                          const std::string& options = "--mirrored --latents-type fp32") {
    return "uvic-data pack " + path("data") + " --image-size 32 --vae " + vae() + " --text-encoder " +
           fixture("clip").string() + " --device cpu --quiet " + options + " --out " + path(out);
  }
  static std::string train(const std::string& out, const std::string& options = "") {
    return "uvic-train --device cpu --threads 2 --quiet --config " + path("config.yaml") + " --out " +
           path(out) + " " + options;
  }
  static std::string sample(const std::string& options) {
    return "uvic-sample --checkpoint " + path("run") + " --device cpu --threads 2 --quiet " + options;
  }
  static std::vector<double> losses(const std::string& out) {
    std::vector<double> found;
    std::ifstream lines(path(out) + "/metrics.jsonl");
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.contains("loss")) found.push_back(json.at("loss"));
    }
    return found;
  }
  static TensorMap last(const std::string& out) {
    return load_safetensors(path(out) + "/checkpoints/step-00000020/model.safetensors").tensors;
  }

 private:
  static testing::TemporaryDirectory* folder_;
};
testing::TemporaryDirectory* Latents::folder_ = nullptr;

TEST_F(Latents, TrainingThatIsKilledEndsInTheSameBits) {
  std::mt19937 random(testing::random_seed());
  int kills = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    testing::Process process(train("killed"));
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(500, 2500)(random));
    if (kills < 3) process.send(SIGKILL);
    const int code = process.wait().code;
    if (code == 0) break;
    ++kills;
  }
  const auto whole = last("run"), killed = last("killed");
  ASSERT_EQ(whole.size(), killed.size());
  for (const auto& [name, tensor] : whole) EXPECT_TRUE(at::equal(tensor, killed.at(name))) << name;
}

TEST_F(Latents, PicturesEncodedAsTheyComeGiveTheSameTraining) {
  expect_ok(run(train(
      "flying", "--set data.kind=folder --set data.path=" + path("data") + " --set latents.vae=" + vae())));
  const auto packed = losses("run"), flying = losses("flying");
  ASSERT_EQ(packed.size(), 20U);
  ASSERT_EQ(flying.size(), 20U);
  for (size_t i = 0; i < packed.size(); ++i) EXPECT_NEAR(flying[i], packed[i], 1e-4 * packed[i]) << i;
}

TEST_F(Latents, SamplesAreLatentsUntilAnAutoencoderDecodesThem) {
  const std::string prompt = "--prompt 'picture number 1' --seeds 0-2 ";
  expect_ok(run(sample(prompt + "--raw " + path("latents.npy"))));
  EXPECT_EQ(load_npy(path("latents.npy")).sizes(), at::IntArrayRef({3, 4, 8, 8}));
  expect_ok(run(
      sample(prompt + "--vae " + vae() + " --raw " + path("pictures.npy") + " --out " + path("grid.png"))));
  const at::Tensor pictures = load_npy(path("pictures.npy"));
  EXPECT_EQ(pictures.sizes(), at::IntArrayRef({3, 3, 32, 32}));
  expect_ok(run("uvic-data decode --quiet --vae " + vae() + " " + path("latents.npy") + " --out " +
                path("decoded.npy")));
  EXPECT_LT(testing::relative_error(load_npy(path("decoded.npy")), pictures), 1e-5);
  // The record names the autoencoder.
  const auto record = nlohmann::json::parse(inspect_png(path("grid.png"))->text.at("parameters"));
  expect_ok(run(record.at("command").get<std::string>() + " --quiet --out " + path("again.png")));
  EXPECT_EQ(testing::read_bytes(path("grid.png")), testing::read_bytes(path("again.png")));
  expect_usage_error(sample(prompt + "--out " + path("none.png")),
                     "latents of 4 channels (model.in_chans), not pictures; --vae V");
}

TEST_F(Latents, APictureIsChangedInItsLatentsAndKeptInItsPixels) {
  at::Tensor mask = at::zeros({1, 32, 32}, at::kByte);
  mask.slice(2, 0, 13).fill_(255);
  save_png(path("mask.png"), mask);
  const std::string from =
      "--prompt 'picture number 1' --seeds 0-1 --solver ddim --init-image " + path("data/3.png") + " ";
  expect_ok(
      run(sample(from + "--vae " + vae() + " --mask " + path("mask.png") + " --images " + path("changed"))));
  const at::Tensor before = decode_png(testing::read_bytes(path("data/3.png"))),
                   after = decode_png(testing::read_bytes(path("changed/000001.png")));
  EXPECT_TRUE(at::equal(after.slice(2, 13), before.slice(2, 13)));
  EXPECT_FALSE(at::equal(after.slice(2, 0, 13), before.slice(2, 0, 13)));
  const auto record = nlohmann::json::parse(inspect_png(path("changed/000001.png"))->text.at("parameters"));
  for (const char* input : {"latents.vae", "text.encoder", "--init-image", "--mask"})
    EXPECT_TRUE(record.at("inputs").contains(input)) << input;
  const auto again =
      run("uvic-sample --quiet --reproduce " + path("changed/000001.png") + " --out " + path("a.png"));
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  // Nothing is left of the steps: what the autoencoder makes of the picture.
  expect_ok(run(sample(from + "--vae " + vae() + " --strength 0 --raw " + path("kept.npy"))));
  const at::Tensor kept = load_npy(path("kept.npy"));
  EXPECT_TRUE(at::equal(kept[0], kept[1]));
  expect_usage_error(sample(from + "--raw " + path("kept.npy")),
                     "latents of 4 channels; --vae V encodes pictures");
}

TEST_F(Latents, ADumpThatIsKilledEndsInTheSameFiles) {
  const auto dump = [&](const std::string& out) {
    return "uvic-fid dump --checkpoint " + path("run") +
           " --device cpu --threads 2 --quiet --prompt 'picture number 2' --prompt other" +
           " --num 24 --vae " + vae() + " --out " + path(out);
  };
  expect_ok(run(dump("whole.zip")));
  std::mt19937 random(testing::random_seed());
  for (int attempt = 0; attempt < 3; ++attempt) {
    testing::Process process(dump("killed.zip"));
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(700, 2500)(random));
    process.send(SIGKILL);
    process.wait();
  }
  expect_ok(run(dump("killed.zip")));
  EXPECT_EQ(testing::read_bytes(path("whole.zip")), testing::read_bytes(path("killed.zip")));
  expect_ok(run("uvic-fid verify --quiet " + path("whole.zip") + " --count 3"));
}

TEST_F(Latents, AnotherAutoencoderIsRefused) {
  expect_usage_error(train("t", "--set latents.vae=" + vae() + " --set latents.scaling_factor=0.2301"),
                     "is not what made the latents of");
  expect_usage_error(
      sample("--prompt x --vae " + vae() + " --set latents.scaling_factor=0.2301 --out " + path("n.png")),
      "scaling_factor is 0.2301 here, 0.18215 there");
  expect_usage_error(sample("--prompt x --vae " + path("data") + " --out " + path("n.png")), path("data"));
  EXPECT_FALSE(fs::exists(path("n.png")));
  EXPECT_FALSE(fs::exists(path("t")));
}

TEST_F(Latents, WhatDoesNotFitIsSaidInALine) {
  expect_usage_error(train("t", "--set model.in_chans=16"),
                     "latents are 4x8x8 but model.in_chans x model.img_size is 16x8x8");
  expect_usage_error(train("t", "--set model.clip_dim=768"),
                     "gives 77 tokens of width 32, but model.num_clip_token x model.clip_dim is 77x768");
  expect_usage_error(train("t", "--set text.encoder=learned --set model.text_vocab=259"),
                     "holds tokens of another one than bytes");
  expect_ok(run(pack("once.pack", "")));
  expect_usage_error(train("t", "--set data.path=" + path("once.pack")), "mirrored");
}

TEST_F(Latents, TheDryRunSaysWhereLatentsComeFrom) {
  const auto packed = run(train("t", "--dry-run")),
             flying = run(train("t", "--dry-run --set data.kind=folder --set data.path=" + path("data") +
                                         " --set latents.vae=" + vae()));
  expect_ok(packed);
  expect_ok(flying);
  EXPECT_NE(packed.out.find("latents are kept"), std::string::npos) << packed.out;
  EXPECT_NE(flying.out.find("pictures are encoded as they come"), std::string::npos) << flying.out;
}

}  // namespace
}  // namespace uvic
