// Text to image by the real programs: training on captions, sampling and dumping by prompts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/npy.h"
#include "io/png.h"
#include "io/safetensors.h"
#include "support/captioned_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;

class TextApps : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryDirectory;
    testing::write_bytes(path("config.yaml"),
                         testing::captioned_config(testing::write_captioned_set(path("data"))).to_yaml());
    expect_ok(run(train("run")));
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  static std::string train(const std::string& out, const std::string& options = "") {
    return "uvic-train --device cpu --threads 2 --quiet --config " + path("config.yaml") + " --out " +
           path(out) + " " + options;
  }
  static std::string common() { return "--checkpoint " + path("run") + " --device cpu --threads 2 --quiet "; }
  static std::string sample(const std::string& options) { return "uvic-sample " + common() + options; }
  static std::string dump(const std::string& options) { return "uvic-fid dump " + common() + options; }
  static nlohmann::json record(const std::string& png) {
    return nlohmann::json::parse(inspect_png(path(png))->text.at("parameters"));
  }
  static at::Tensor raw(const std::string& options) {
    expect_ok(run(sample(options + " --raw " + path("x.npy"))));
    return load_npy(path("x.npy"));
  }

 private:
  static testing::TemporaryDirectory* folder_;
};
testing::TemporaryDirectory* TextApps::folder_ = nullptr;

TEST_F(TextApps, ARunThatIsStoppedAndGoesOnEndsInTheSameBits) {
  expect_ok(run(train("parts", "--set train.steps=3")));
  expect_ok(run(train("parts")));
  const std::string last = "/checkpoints/step-00000006/";
  for (const char* file : {"model.safetensors", "ema-0.9.safetensors"}) {
    const auto whole = load_safetensors(path("run") + last + file),
               parts = load_safetensors(path("parts") + last + file);
    for (const auto& [name, tensor] : whole.tensors)
      EXPECT_TRUE(at::equal(tensor, parts.tensors.at(name))) << name;
    EXPECT_TRUE(whole.metadata.contains("uvic.text"));
  }
}

TEST_F(TextApps, PreviewsShowCaptions) {
  const auto size = inspect_png(path("run/samples/step-00000006.png"));
  ASSERT_TRUE(size);
  EXPECT_GT(size->height, size->width);  // of 2 x 2 pictures, by the lines of text under them
}

TEST_F(TextApps, AnImageDependsOnItsSeedAndPromptAlone) {
  const std::string size = " --batch-size 4";
  const at::Tensor one = raw("--prompt red --seeds 3" + size),
                   others = raw("--prompt blue --prompt red --seeds 2,3,8" + size);
  EXPECT_TRUE(at::equal(one[0], others[1]));
  EXPECT_FALSE(at::equal(raw("--prompt blue --seeds 3" + size)[0], one[0]));
}

TEST_F(TextApps, ANegativePromptTakesThePlaceOfTheEmptyOne) {
  const at::Tensor plain = raw("--prompt red --seeds 1 --cfg 3"),
                   away = raw("--prompt red --negative-prompt blue --seeds 1 --cfg 3");
  EXPECT_FALSE(at::equal(plain, away));
  // Away from the prompt itself guidance changes nothing.
  EXPECT_LT(testing::max_abs_error(raw("--prompt red --negative-prompt red --seeds 1 --cfg 3"),
                                   raw("--prompt red --seeds 1 --cfg 1")),
            1e-4);
}

TEST_F(TextApps, TheRecordMakesTheSameFileAgain) {
  testing::write_bytes(path("prompts.txt"), "red\nall \"green\", it's\n\n");
  for (const std::string& options : std::vector<std::string>{
           "--prompt red --prompt blue --seeds 0-3 --grid 2x2", "--prompts " + path("prompts.txt"),
           "--prompt red --prompt blue --prompt-per-row --grid 2x3 --negative-prompt 'all green' --cfg 2"}) {
    expect_ok(run(sample(options + " --out " + path("first.png"))));
    expect_ok(
        run(record("first.png").at("command").get<std::string>() + " --quiet --out " + path("second.png")));
    EXPECT_EQ(testing::read_bytes(path("first.png")), testing::read_bytes(path("second.png"))) << options;
  }
  expect_ok(run(sample("--prompts " + path("prompts.txt") + " --out " + path("three.png") + " --images " +
                       path("images"))));
  const std::vector<std::string> prompts = {"red", "all \"green\", it's", ""};
  EXPECT_EQ(record("three.png").at("prompts").get<std::vector<std::string>>(), prompts);
  EXPECT_EQ(record("images/000001.png").at("prompts"), nlohmann::json({prompts[1]}));
}

TEST_F(TextApps, FramesGoFromOnePromptToAnother) {
  const std::string ends = " --frames 3 --batch-size 3";
  const at::Tensor walk = raw("--prompt red --prompt-to blue --interpolate 1,1" + ends),
                   red = raw("--prompt red --seeds 1 --batch-size 3"),
                   blue = raw("--prompt blue --seeds 1 --batch-size 3");
  EXPECT_TRUE(at::equal(walk[0], red[0]));
  EXPECT_LT(testing::max_abs_error(walk[2], blue[0]), 1e-5);
  EXPECT_FALSE(at::equal(walk[1], red[0]) || at::equal(walk[1], blue[0]));
  // Of several prompts each seed has its own.
  EXPECT_LT(testing::max_abs_error(raw("--prompt red --prompt blue --interpolate 0,1" + ends)[2],
                                   raw("--prompt blue --seeds 1 --batch-size 3")[0]),
            1e-5);
}

TEST_F(TextApps, PicturesWithPromptsAreMadeAgain) {
  expect_ok(run(sample("--prompt red --prompt \"it's blue\" --seeds 0-3 --out " + path("r.png") +
                       " --images " + path("r"))));
  for (const char* name : {"r.png", "r/000003.png", "run/samples/step-00000006.png"}) {
    const auto again = run("uvic-sample --quiet --reproduce " + path(name) + " --out " + path("again.png"));
    EXPECT_EQ(again.code, 0) << name << again.out << again.err;
  }
}

TEST_F(TextApps, PromptsOfAJsonListAreTheSame) {
  testing::write_bytes(path("list.json"), "[\"red\", \"blue\"]");
  EXPECT_TRUE(at::equal(raw("--prompts " + path("list.json")), raw("--prompt red --prompt blue")));
}

TEST_F(TextApps, AFolderOfImagesIsOfOneSetOfSettings) {
  const std::string to = " --images " + path("folder");
  expect_ok(run(sample("--prompt red --seeds 0-1" + to)));
  expect_ok(run(sample("--prompt blue --seeds 2" + to)));
  expect_usage_error(sample("--prompt blue --seeds 1" + to), "000001.png in it was made with other settings");
}

TEST_F(TextApps, ADumpMakesOneImageAPrompt) {
  testing::write_bytes(path("five.txt"), "red\ngreen\nblue\nall red\nall blue\n");
  const std::string prompts = "--prompts " + path("five.txt") + " --batch-size 2 --out ";
  expect_ok(run(dump(prompts + path("dump"))));
  EXPECT_EQ(record("dump/000003.png").at("prompts"), nlohmann::json({"all red"}));
  expect_ok(run("uvic-fid verify --quiet " + path("dump")));
  const auto bytes = testing::read_bytes(path("dump/000004.png"));
  fs::remove(path("dump/000004.png"));
  expect_ok(run(dump(prompts + path("dump"))));
  EXPECT_EQ(testing::read_bytes(path("dump/000004.png")), bytes);
  expect_usage_error(dump("--prompt red --num 5 --batch-size 2 --out " + path("dump")), "prompts_sha256");
  // In shards, and as an archive, the same images.
  for (const std::string part : {"0", "1"})
    expect_ok(run(dump(prompts + path("part" + part) + " --shard " + part + "/2")));
  expect_ok(run("uvic-fid merge --quiet " + path("parts.zip") + " " + path("part0") + " " + path("part1")));
  expect_ok(run("uvic-fid verify --quiet " + path("parts.zip")));
}

TEST_F(TextApps, WhatDoesNotGoTogetherIsSaidInALine) {
  expect_usage_error(sample("--out " + path("n.png")), "draws what a text says: --prompt");
  expect_usage_error(sample("--prompt red --negative-prompt blue --cfg 1 --out " + path("n.png")),
                     "--negative-prompt: has no effect");
  expect_usage_error(sample("--prompt red --prompt-per-row --grid 2x2 --out " + path("n.png")),
                     "the grid has 2 rows but there are 1 prompt");
  expect_usage_error(sample("--prompt \"$(printf 'caf\\351')\" --out " + path("n.png")),
                     "is not UTF-8: byte 0xE9");
  expect_usage_error(sample("--prompts " + path("absent.txt")), "absent.txt: cannot read this file");
  testing::write_bytes(path("comma.json"), "[\"red\",\n \"blue\",]");
  expect_usage_error(sample("--prompts " + path("comma.json")),
                     "comma.json: not valid JSON, line 2, column 9");
  testing::write_bytes(path("empty.txt"), "");
  expect_usage_error(sample("--prompts " + path("empty.txt")), "there is no text in it");
  expect_usage_error(sample("--prompt red --tokenizer " + path("data")), "data: no tokenizer here");
  EXPECT_FALSE(fs::exists(path("n.png")));
}

TEST_F(TextApps, TrainingSaysWhatIsMissingForText) {
  expect_usage_error(train("t", "--set text.encoder=none"),
                     "text.encoder: none, but model.text_vocab is 259");
  expect_usage_error(train("t", "--set model.text_vocab=0"),
                     "text.encoder: learned, but model.text_vocab is 0; 259 fits");
  expect_usage_error(train("t", "--set model.text_vocab=300"),
                     "text.tokenizer: bytes has 259 tokens, but model.text_vocab is 300");
  expect_usage_error(train("t", "--set data.captions=none"),
                     "context tokens, but the images have no captions");
  expect_usage_error(train("t", "--set text.encoder=none --set model.text_vocab=0"),
                     "text.encoder: none, but the captions are text");
  EXPECT_FALSE(fs::exists(path("t")));
}

TEST_F(TextApps, AClassModelTakesNoPrompt) {
  const testing::TrainedRun classes;
  expect_usage_error("uvic-sample " + classes.checkpoint() + " --prompt red",
                     "knows classes, no text; see --class");
}

}  // namespace
}  // namespace uvic
