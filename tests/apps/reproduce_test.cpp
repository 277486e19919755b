// Pictures made again by what they say of themselves, changed, and set side by side, by the real programs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "io/grid.h"
#include "io/npy.h"
#include "io/png.h"
#include "io/png_decode.h"
#include "support/eval_files.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;
using testing::TrainedRun;

class Again : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new TrainedRun;
    at::manual_seed(3);
    save_png(path("photo.png"), at::randint(256, {3, 24, 16}, at::kByte));
    save_png(path("left.png"), half_mask(24, 16));
    save_png(path("small_mask.png"), half_mask(8, 8));
  }
  static void TearDownTestSuite() { delete files_; }
  static const TrainedRun& files() { return *files_; }
  static std::string path(const std::string& name) { return (files() / name).string(); }
  static std::string sample(const std::string& options) {
    return "uvic-sample " + files().checkpoint() + " " + options;
  }
  static at::Tensor pixels(const std::string& name) { return decode_png(testing::read_bytes(path(name))); }
  static nlohmann::json record(const std::string& name) {
    return nlohmann::json::parse(inspect_png(path(name))->text.at("parameters"));
  }
  static std::string weights(const std::string& which = "ema-0.9") {
    return path("run/checkpoints/step-00000006/" + which + ".safetensors");
  }
  static at::Tensor raw(const std::string& options) {
    expect_ok(run(sample(options + " --raw " + path("x.npy"))));
    return load_npy(path("x.npy"));
  }
  // Exit code 0 and the word; the picture that was made is the same, and has the same record but for the
  // paths.
  static void expect_identical(const std::string& picture, const std::string& options = "") {
    const auto result =
        run("uvic-sample --quiet --reproduce " + path(picture) + " --out " + path("again.png ") + options);
    EXPECT_EQ(result.code, 0) << picture << "\n" << result.out << result.err;
    EXPECT_NE(result.out.find(picture + ": identical: all "), std::string::npos) << result.out;
    EXPECT_TRUE(at::equal(pixels(picture), pixels("again.png"))) << picture;
  }
  static std::string again(const std::string& name, const std::string& options = "") {
    return "env -C " + path("") + " uvic-sample --quiet --reproduce " + path(name) + " " + options;
  }
  static void write_record(const std::string& name, const at::Tensor& image, const std::string& text) {
    save_png(path(name), image, {{"parameters", text}});
  }

 private:
  static at::Tensor half_mask(int64_t height, int64_t width) {
    at::Tensor mask = at::zeros({1, height, width}, at::kByte);
    mask.slice(2, 0, width / 2).fill_(255);
    return mask;
  }
  static TrainedRun* files_;
};
TrainedRun* Again::files_ = nullptr;

TEST_F(Again, EveryKindOfPictureIsMadeAgain) {
  expect_ok(run(sample("--seeds 0-5 --grid 2x3 --solver ddpm --save-steps 2 --out " + path("grid.png") +
                       " --images " + path("images"))));
  for (const char* name : {"grid.png", "grid-step-0002.png", "grid-step-0004.png", "images/000004.png"})
    expect_identical(name);
  expect_ok(run("uvic-fid dump " + files().checkpoint() + " --seeds 3-9 --subdirs --out " + path("dump")));
  expect_identical("dump/000000/000005.png");
  expect_identical("run/samples/step-00000006.png");  // a preview
  expect_ok(run(sample("--seeds 0-1 --init-image " + path("photo.png") + " --strength 0.6 --out " +
                       path("from.png") + " --images " + path("from"))));
  expect_identical("from.png");
  expect_identical("from/000001.png");
  expect_ok(run(sample("--seeds 2 --init-image " + path("photo.png") + " --mask " + path("left.png") +
                       " --solver ddim --resample 2 --out " + path("mask.png"))));
  expect_identical("mask.png");
  expect_ok(
      run(sample("--interpolate 1,2 --frames 3 --out " + path("walk.png") + " --images " + path("walk"))));
  expect_identical("walk.png");
  expect_identical("walk/000001.png");
  expect_ok(run(sample("--sweep cfg=1,3 --sweep steps=2,4 --out " + path("sheet.png"))));
  expect_identical("sheet.png");
}

TEST_F(Again, TheRecordNamesWeightsInputsAndTheMachine) {
  expect_ok(run(sample("--seeds 0 --init-image " + path("photo.png") + " --out " + path("n.png"))));
  const auto json = record("n.png");
  EXPECT_EQ(json.at("weights_file"), weights());
  const std::string sum = run("sha256sum " + weights()).out.substr(0, 64);
  EXPECT_EQ(json.at("weights_sha256"), sum);
  EXPECT_EQ(json.at("inputs").at("--init-image"), run("sha256sum " + path("photo.png")).out.substr(0, 64));
  for (const char* key : {"libtorch", "cpu", "version"}) EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(json.at("evaluations"), 3);  // round(0.8 * 4)
}

TEST_F(Again, WeightsAreFoundByTheirHashWhereverTheyLie) {
  expect_ok(run(sample("--seeds 0-3 --out " + path("moved.png"))));
  fs::create_directories(path("elsewhere"));
  fs::copy_file(weights(), path("elsewhere/w.safetensors"));
  const std::string there = "run", away = "run-away";
  fs::rename(path(there), path(away));
  const std::string moved = again("moved.png");
  expect_usage_error(moved, "run");
  expect_identical("moved.png", "--checkpoint " + path("elsewhere/w.safetensors"));
  expect_identical("moved.png", "--checkpoint " + path("elsewhere"));
  expect_identical("moved.png", "--checkpoint " + path(away));
  expect_identical(away + "/samples/step-00000006.png", "--checkpoint " + path(away));
  fs::rename(path(away), path(there));
  const std::string other = weights("model");
  expect_usage_error(moved + " --checkpoint " + other, other + ": these are not the weights that made ");
  expect_usage_error("uvic-sample --quiet --reproduce " + path("run/samples/step-00000006.png") + " --out " +
                         path("m.png") + " --checkpoint " + other,
                     "these are not the weights that made ");
  const auto tried = run(moved + " --any-weights --checkpoint " + other);
  EXPECT_EQ(tried.code, 1);
  EXPECT_NE(tried.out.find("moved.png: differs in "), std::string::npos) << tried.out;
  EXPECT_NE(tried.out.find("weights_sha256: "), std::string::npos) << tried.out;
}

TEST_F(Again, WhatDiffersIsSaid) {
  expect_ok(run(sample("--seeds 0-3 --images " + path("whole"))));
  const std::string text = inspect_png(path("whole/000002.png"))->text.at("parameters");
  at::Tensor edited = pixels("whole/000002.png").clone();
  edited[0][3][3] = edited[0][3][3].item<int>() ^ 4;
  write_record("edited.png", edited, text);
  const auto one = run(again("edited.png"));
  EXPECT_EQ(one.code, 1);
  EXPECT_NE(one.out.find("edited.png: differs in 1 of 64 bytes, by at most 4 grey levels"), std::string::npos)
      << one.out;
  EXPECT_NE(one.out.find("may have been changed since"), std::string::npos) << one.out;
  EXPECT_TRUE(fs::exists(path("edited-again.png")));
  // What an older record lacks, and another machine.
  auto json = nlohmann::ordered_json::parse(text);
  json.erase("libtorch");
  json.erase("weights_sha256");
  json["cpu"] = "NEON";
  write_record("old.png", edited, json.dump());
  const auto old = run(again("old.png", "--threads 1"));
  EXPECT_EQ(old.code, 1);
  for (const char* line :
       {"its record does not say: libtorch, weights_sha256", "cpu: NEON then, ", "threads: 2 then, 1 now"})
    EXPECT_NE(old.out.find(line), std::string::npos) << old.out;
  write_record("larger.png", at::zeros({1, 16, 16}, at::kByte), text);
  EXPECT_NE(
      run(again("larger.png")).out.find("differs: it is 16x16 in 1 channel, made again 12x12 in 1 channel"),
      std::string::npos);
}

TEST_F(Again, WhatCannotBeMadeAgainIsALine) {
  const auto refused = [&](const std::string& name, const std::string& text,
                           const std::string& options = "") {
    expect_usage_error(again(name, options), text);
  };
  expect_ok(run(sample("--seeds 0 --out " + path("good.png"))));
  const std::string text = inspect_png(path("good.png"))->text.at("parameters");
  refused("photo.png", "photo.png: holds no record of how it was made");
  refused("config.yaml", "config.yaml: is not a whole PNG");
  refused("absent.png", "absent.png: cannot read this file");
  const at::Tensor image = pixels("good.png");
  write_record("automatic.png", image, "a fox\nSteps: 20, Sampler: Euler a, CFG scale: 7");
  refused("automatic.png", "is not of uvic-sample's making");
  auto json = nlohmann::ordered_json::parse(text);
  const auto command = json.at("command").get<std::string>();
  json["command"] = command + " --out " + path("stolen.png");
  write_record("evil.png", image, json.dump());
  refused("evil.png", "is not understood here");
  EXPECT_FALSE(fs::exists(path("stolen.png")));
  json["command"] = command + " --reproduce " + path("evil.png");
  write_record("loop.png", image, json.dump());
  refused("loop.png", "is not understood here");
  refused("good.png", "--steps: the record of ", "--steps 3");
  refused("good.png", "is the picture itself", "--out " + path("good.png"));
  refused("good.png", "must end in .png", "--out " + path("good.jpg"));
  fs::copy_file(path("photo.png"), path("gone.png"));
  expect_ok(run(sample("--seeds 0 --init-image " + path("gone.png") + " --out " + path("lost.png"))));
  fs::remove(path("gone.png"));
  refused("lost.png", "gone.png: cannot read this file");
  save_png(path("gone.png"), at::zeros({3, 24, 16}, at::kByte));
  const auto other = run(again("lost.png"));
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.out.find("--init-image: "), std::string::npos) << other.out;
}

TEST_F(Again, StrengthAndMasksReachEveryImage) {
  const std::string from = "--seeds 0-2 --batch 3 --init-image " + path("photo.png");
  EXPECT_TRUE(at::equal(raw(from + " --strength 1"), raw("--seeds 0-2 --batch 3")));
  const at::Tensor kept = raw(from + " --strength 0");
  EXPECT_TRUE(at::equal(kept[0], kept[2]));
  for (const std::string& mask : {path("left.png"), path("small_mask.png")}) {
    const at::Tensor half = raw(from + " --mask " + mask + " --solver ddim");
    EXPECT_TRUE(at::equal(to_uint8(half[1]).slice(2, 4), to_uint8(kept[1]).slice(2, 4))) << mask;
    EXPECT_FALSE(at::equal(half[0], half[1]));
  }
  expect_usage_error(
      sample(from + " --mask " + path("run/samples/step-00000006.png")),
      "step-00000006.png: is 22x22 pixels, but " + path("photo.png") + " is 16x24, of which 8x8 are used");
  expect_usage_error(sample(from + " --strength 1.5"), "--strength: Value 1.5 not in range");
  expect_usage_error(sample(from + " --solver unipc --mask " + path("left.png")),
                     "--mask: solver unipc does not go on");
  expect_usage_error(sample("--init-image " + path("absent.png")), "absent.png: cannot read this file");
}

TEST_F(Again, FramesGoFromOneImageToTheOther) {
  const at::Tensor frames = raw("--interpolate 1,6 --frames 4"), ends = raw("--seeds 1,6 --batch 4");
  EXPECT_EQ(frames.size(0), 4);
  EXPECT_LT(testing::max_abs_error(frames[0], ends[0]), 1e-5);
  EXPECT_LT(testing::max_abs_error(frames[3], ends[1]), 1e-5);
  const at::Tensor classes = raw("--interpolate 1,1 --frames 3 --class 0 --class-to 3 --batch 4"),
                   three = raw("--seeds 1 --class 3 --batch 4");
  EXPECT_LT(testing::max_abs_error(classes[2], three[0]), 1e-5);
  EXPECT_FALSE(at::equal(classes[0], classes[1]));
  expect_ok(run(sample("--interpolate 1,6 --frames 4 --frame-rate 20 --out " + path("walk.gif"))));
  const std::string gif = testing::read_bytes(path("walk.gif"));
  EXPECT_TRUE(gif.starts_with("GIF89a"));
  EXPECT_EQ(gif[6], 112);  // frames of 8 pixels, not a row of them
  expect_ok(run(sample("--interpolate 1,6 --frames 4 --images " + path("frames"))));
  EXPECT_TRUE(fs::exists(path("frames/000003.png")));
  EXPECT_EQ(record("frames/000003.png").at("frame"), 3);
  expect_ok(run(sample("--interpolate 1,6 --frames 4 --images " + path("frames"))));
  expect_usage_error(sample("--interpolate 1,6 --frames 3 --images " + path("frames")),
                     "was made with other settings");
  expect_usage_error(sample("--interpolate 1"), "--interpolate 1: must be two seeds");
  expect_usage_error(sample("--interpolate 1,6 --class-to 9"), "class 9 does not exist");
  expect_usage_error(sample("--interpolate 1,6 --prompt-to red"),
                     "--prompt-to: goes from what --prompt says");
  expect_usage_error(sample("--interpolate 1,6 --frames 6 --grid 2x4"),
                     "has 8 places but there are 6 frames");
}

TEST_F(Again, CellsOfASweepAreThePlainImages) {
  expect_ok(run(sample("--seeds 3,8 --grid 1x2 --sweep cfg=1,3 --sweep solver=ddim,heun,ddpm --out " +
                       path("cells.png"))));
  const at::Tensor sheet = pixels("cells.png");
  expect_ok(run(sample("--seeds 3,8 --cfg 3 --solver heun --raw " + path("cell.npy"))));
  // Six times as large: 19 pixels with their borders, to 114.
  const at::Tensor cell = make_grid(to_uint8(load_npy(path("cell.npy"))), 1, 2, 1)
                              .repeat_interleave(6, 1)
                              .repeat_interleave(6, 2)[0];
  bool found = false;
  for (int64_t y = 0; y + cell.size(0) <= sheet.size(1) && !found; ++y) {
    for (int64_t x = 0; x + cell.size(1) <= sheet.size(2) && !found; ++x)
      found = at::equal(sheet[1].narrow(0, y, cell.size(0)).narrow(1, x, cell.size(1)), cell);
  }
  EXPECT_TRUE(found);
}

TEST_F(Again, ASweepIsScoredIfThereAreStatistics) {
  const std::string stats = testing::write_eval_stats(files() / "stats.npz").string(),
                    features = testing::plain_network(files() / "plain.pt").string();
  const auto scored = run(sample("--sweep cfg=1,3 --sweep steps=2,4 --num 12 --stats " + stats +
                                 " --features " + features + " --out " + path("scored.png")));
  expect_ok(scored);
  EXPECT_TRUE(scored.out.starts_with("| steps \\ cfg | 1 | 3 |\n|---|---|---|\n| 2 | ")) << scored.out;
  const auto json = nlohmann::json::parse(testing::read_bytes(path("scored.json")));
  ASSERT_EQ(json.at("settings").size(), 4U);
  EXPECT_EQ(json.at("settings")[1].at("cfg"), "3");
  EXPECT_EQ(json.at("settings")[1].at("steps"), "2");
  // The same number by the programs that do nothing else.
  expect_ok(
      run("uvic-fid dump " + files().checkpoint() + " --cfg 3 --steps 2 --num 12 --out " + path("to_score")));
  const auto alone = run("uvic-fid score --json --quiet " + path("to_score") + " " + stats + " --features " +
                         features + " --metrics fid");
  expect_ok(alone);
  EXPECT_NEAR(nlohmann::json::parse(alone.out).at("fid").get<double>(),
              json.at("settings")[1].at("frechet_distance").get<double>(), 1e-6);
  expect_usage_error(sample("--sweep cfg=1,2 --raw " + path("x.npy")),
                     "--sweep: writes a sheet, --out, and no --raw");
  expect_usage_error(sample("--sweep eta=0,1 --solver heun"), "--sweep, eta 0: sample.eta: heun takes none");
  expect_usage_error(sample("--sweep stpes=1,2"), "--sweep stpes=1,2: ");
}

TEST_F(Again, PicturesThatCannotSayHowTheyWereMade) {
  expect_ok(run(sample("--seeds 0-3 --out " + path("still.gif"))));
  EXPECT_TRUE(testing::read_bytes(path("still.gif")).starts_with("GIF89a"));
  expect_usage_error(again("still.gif"), "is not a whole PNG; other pictures say nothing");
  expect_usage_error(sample("--seeds 0-3 --out " + path("x.avif")), "must end in .png or .jpg");
}

}  // namespace
}  // namespace uvic
