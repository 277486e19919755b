// Habits of people and shells: odd paths, homes, other endings, a folder used twice, variables left over.
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "support/folder_set.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;
using testing::TrainedRun;

class Habits : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = new TrainedRun; }
  static void TearDownTestSuite() { delete files_; }
  static const TrainedRun& files() { return *files_; }
  static std::string path(const std::string& name) { return (files() / name).string(); }
  static std::string checkpoint() { return "--checkpoint " + path("run") + " --device cpu --threads 2 "; }
  static std::string sample(const std::string& options) { return "uvic-sample " + checkpoint() + options; }
  static std::string dump(const std::string& options) { return "uvic-fid dump " + checkpoint() + options; }
  static std::string print(const std::string& options) {
    const auto result = run("uvic-train --print-config " + options);
    expect_ok(result);
    return result.out;
  }
  static size_t images_in(const std::string& name) {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator(path(name))) count += entry.path().extension() == ".png";
    return count;
  }

 private:
  static TrainedRun* files_;
};
TrainedRun* Habits::files_ = nullptr;

void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}
void expect_lacks(const std::string& text, const std::string& part) {
  EXPECT_EQ(text.find(part), std::string::npos) << text;
}

TEST_F(Habits, AFolderOfAnyNameIsTrainedOn) {
  testing::write_tiny_set(files() / "odd");
  for (const std::string name : {"data #2", "a: b", "[x", "@home", "&a", "> b", "null", "true", "1e5"}) {
    fs::create_directories(files() / "odd/sub");
    fs::rename(files() / "odd/sub", files() / ("odd/" + name));
    for (const auto& entry : fs::directory_iterator(files() / "data"))
      fs::copy(entry.path(), files() / ("odd/" + name) / entry.path().filename());
    const auto result = run("env -C '" + path("odd") + "' " + files().train_command("never") +
                            " --dry-run --set 'data.path=" + name + "'");
    expect_ok(result);
    expect_has(result.out, "24 images 1x8x8, 4 classes");
  }
  expect_usage_error(
      "env -C '" + path("odd") + "' " + files().train_command("never") + " --set 'data.path=data #3'",
      "data #3");
}

TEST_F(Habits, ATildeIsTheHomeFolder) {
  const std::string home = "env -C " + path("") + " HOME=" + path("home") + " ";
  fs::create_directories(files() / "home");
  fs::rename(testing::write_tiny_set(files() / "pictures"), files() / "home/pictures");
  testing::write_bytes(files() / "home.yaml", "base: config.yaml\ndata: {path: ~/pictures}\n");
  const auto dry =
      run(home + "uvic-train --device cpu --config " + path("home.yaml") + " --out=~/tilde --dry-run");
  expect_ok(dry);
  expect_has(dry.out, "24 images 1x8x8");
  expect_has(
      run(home + "uvic-train --print-config --set train.eval_stats=~/s.npz --set 'data.val_path=~'").out,
      "eval_stats: " + path("home") + "/s.npz");
  expect_ok(run(home + sample("--quiet --seeds 0 --out=~/grid.png --raw '~/x.npy' --images='~/images'")));
  expect_ok(run(home + dump("--quiet --num 1 --out='~/d.zip'")));
  expect_ok(run(home + "uvic-convert --quiet '~/../run' '~/w.safetensors'"));
  for (const char* made : {"grid.png", "x.npy", "images/000000.png", "d.zip", "w.safetensors"})
    EXPECT_TRUE(fs::exists(files() / "home" / made)) << made;
  expect_usage_error(home + sample("--out=~no_such_user/x.png"), "there is no user 'no_such_user'");
  EXPECT_FALSE(fs::exists(files() / "~"));
}

TEST_F(Habits, OutputsGoByTheirEndings) {
  for (const std::string ending : {"jpg", "jpeg", "webp", "JPG"}) {
    expect_ok(run(sample("--quiet --seeds 0-3 --out " + path("grid." + ending))));
    const cv::Mat image = cv::imread(path("grid." + ending), cv::IMREAD_UNCHANGED);
    EXPECT_EQ(image.rows, 22) << ending;
  }
  expect_has(testing::read_bytes(path("grid.jpg")).substr(0, 3), "\xff\xd8\xff");
  expect_has(testing::read_bytes(path("grid.webp")).substr(8, 4), "WEBP");
  expect_ok(run(sample("--quiet --seeds 0-3 --out " + path("lossless.png"))));
  const cv::Mat grey = cv::imread(path("lossless.png"), cv::IMREAD_GRAYSCALE),
                webp = cv::imread(path("grid.webp"), cv::IMREAD_GRAYSCALE);
  EXPECT_EQ(cv::norm(grey, webp, cv::NORM_INF), 0);
  for (const char* name : {"g.tif", "g.npy", "g", "g.png.tar"}) {
    expect_usage_error(sample("--out " + path(name)), "must end in .png or .jpg or .jpeg or .webp");
    expect_usage_error(sample("--dry-run --out " + path(name)), "must end in .png");
  }
  expect_usage_error(sample("--raw " + path("x.npz")), "x.npz: must end in .npy");
  expect_usage_error(sample("--images " + path("x.zip")), "x.zip: ends as a file does (.zip)");
  for (const char* name : {"d.tar", "d.tgz", "d.png", "d.npy"}) {
    expect_usage_error(dump("--num 4 --out " + path(name)),
                       "what can be written is a folder, x.zip or x.npz");
    expect_usage_error("uvic-fid merge " + path(name) + " " + path("d"), "what can be written is a folder");
  }
  expect_usage_error(dump("--num 4 --format png --out " + path("d.zip")), "but the format is png");
  expect_usage_error(files().train_command("run.png"), "run.png: ends as a file does (.png)");
  expect_usage_error("uvic-convert " + path("run") + " " + path("w.pt"), "must end in .safetensors or .pth");
  expect_ok(run(dump("--quiet --num 2 --out " + path("upper.ZIP"))));
  EXPECT_TRUE(fs::is_regular_file(path("upper.ZIP")));
  expect_usage_error(sample("--grid 1000x9000 --dry-run --out " + path("g.jpg")), "is too large for .jpg");
}

TEST_F(Habits, AnOutputThatCannotBeMadeIsFoundFirst) {
  testing::write_bytes(files() / "file", "x");
  const std::string far = std::string(300, 'n');
  for (const std::string dry : {"", "--dry-run "}) {
    expect_usage_error(sample(dry + "--out " + path("none/grid.png")), "there is no folder " + path("none"));
    expect_usage_error(sample(dry + "--raw " + path("file/x.npy")), "there is no folder");
    expect_usage_error(sample(dry + "--out " + path(far + ".png")), "the name is too long");
    expect_usage_error(sample(dry + "--images " + path("file/x")), "file is not a folder");
    expect_usage_error(dump(dry + "--num 2 --out " + path("none/d.zip")),
                       "there is no folder " + path("none"));
    expect_usage_error(dump(dry + "--num 2 --out " + path("file/d")), "file is not a folder");
    expect_usage_error(files().train_command("file/run") + " " + dry, "file is not a folder");
    expect_usage_error(files().train_command(far) + " " + dry, "the name is too long");
  }
  if (geteuid() == 0) return;  // may write anywhere
  fs::create_directory(files() / "locked");
  fs::permissions(files() / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  expect_usage_error(sample("--dry-run --out " + path("locked/g.png")), "cannot write in");
}

TEST_F(Habits, AFolderOfImagesIsOfOneSetting) {
  const auto first = run(sample("--seeds 0-9 --images " + path("one")));
  expect_ok(first);
  expect_has(first.err, "wrote 10 images to " + path("one") + ", 000000.png to 000009.png");
  const std::string before = testing::read_bytes(path("one/000000.png"));
  for (const std::string other : {"--steps 2", "--cfg 3", "--weights raw", "--class 3"}) {
    expect_usage_error(sample("--seeds 0-3 " + other + " --images " + path("one")),
                       "was made with other settings");
    expect_usage_error(sample("--dry-run --seeds 0-3 " + other + " --images " + path("one")),
                       "other settings");
  }
  expect_usage_error(sample("--seeds 20 --steps 2 --images " + path("one")),
                     "sample.steps=4 there and sample.steps=2 here; use another folder");
  for (const std::string dry : {"", "--dry-run "}) {
    expect_usage_error(dump(dry + "--num 4 --steps 2 --out " + path("one")), "was made with other settings");
  }
  EXPECT_EQ(testing::read_bytes(path("one/000000.png")), before);
  EXPECT_FALSE(fs::exists(path("one/manifest.json")));
  expect_ok(run(sample("--seeds 0-3 --images " + path("one"))));
  expect_ok(run(
      sample("--seeds 20 --class 3 --batch 2 --images " + path("one") + " --out " + path("one/grid.jpg"))));
  expect_ok(run(sample("--seeds 20 --class 3 --images " + path("one") + " --out " + path("one/grid.jpg"))));
  EXPECT_EQ(images_in("one"), 11U);

  testing::write_image(files() / "photos/cat.jpg", testing::picture(8, 8));
  expect_usage_error(sample("--seeds 0 --images " + path("photos")),
                     "holds cat.jpg, which is not of this program's");
  expect_usage_error(dump("--num 1 --out " + path("photos")), "holds cat.jpg");
  expect_ok(run(dump("--quiet --num 2 --out " + path("dumped"))));
  expect_usage_error(sample("--seeds 7 --images " + path("dumped")), "is a dump");
}

TEST_F(Habits, ADumpSaysWhatElseIsThere) {
  const auto all = run(dump("--num 10 --out " + path("ten")));
  expect_ok(all);
  expect_has(all.err, "wrote 10 images to ");
  const auto few = run(dump("--num 4 --out " + path("ten")));
  expect_ok(few);
  expect_has(few.err, "warning: " + path("ten") + ": is a dump of 10 images, 6 of them of other seeds");
  expect_has(few.err, "all 4 images are there already");
  expect_lacks(few.err, "wrote");
  const auto one = run(dump("--num 1 --out " + path("single")));
  expect_has(one.err, "1 image, ");
  expect_has(one.err, "wrote 1 image to ");
}

TEST_F(Habits, RanksThatAreLeftOver) {
  const auto part = run("env RANK=0 WORLD_SIZE=4 " + dump("--num 8 --out " + path("ranked")));
  expect_ok(part);
  expect_has(part.err, "RANK=0 and WORLD_SIZE=4 are set: this process makes 2 of 8 images, into " +
                           path("ranked.shard-0-of-4") + "; --shard 0/1 makes all of them");
  expect_ok(run("env RANK=0 WORLD_SIZE=4 " + dump("--quiet --num 8 --shard 0/1 --out " + path("whole"))));
  EXPECT_EQ(images_in("whole"), 8U);
  expect_ok(run("env RANK= WORLD_SIZE= LOCAL_RANK= " + dump("--quiet --num 8 --out " + path("empty"))));
  EXPECT_EQ(images_in("empty"), 8U);
  expect_usage_error("env RANK=4 WORLD_SIZE=4 " + dump("--num 8 --out " + path("x")), "RANK=4 WORLD_SIZE=4");
  const std::string ranks = "env RANK=1 WORLD_SIZE=2 ";
  for (const auto& [command, name] : std::vector<std::pair<std::string, std::string>>{
           {sample("--seeds 0 --out " + path("ranks.png")), "uvic-sample"},
           {"uvic-fid merge " + path("ranks") + " " + path("whole"), "uvic-fid merge"},
           {"uvic-fid verify " + path("whole"), "uvic-fid verify"},
           {"uvic-convert " + path("run") + " " + path("ranks.pth"), "uvic-convert"}}) {
    expect_usage_error(ranks + command,
                       "error: WORLD_SIZE=2 is set, as torchrun sets it, but " + name + " is one process");
    expect_usage_error(ranks + command, "unset RANK WORLD_SIZE");
  }
  // What works in several processes names them, too: there is no launcher.
  for (const std::string& command :
       {files().train_command("ranks"), "uvic-fid score " + path("whole") + " " + path("whole")}) {
    expect_usage_error(ranks + command,
                       "error: RANK=1 and WORLD_SIZE=2 are set, but not MASTER_ADDR and MASTER_PORT");
    expect_usage_error(ranks + command, "unset RANK WORLD_SIZE");
  }
  for (const char* made : {"ranks", "ranks.png", "ranks.pth"}) EXPECT_FALSE(fs::exists(path(made))) << made;
}

TEST_F(Habits, MistakesOnTheCommandLine) {
  expect_usage_error("uvic-train --stpes 5", "error: unknown option --stpes; did you mean --steps? (--help");
  expect_usage_error("uvic-sample --chekpoint=x",
                     "error: unknown option --chekpoint; did you mean --checkpoint?");
  expect_usage_error("uvic-fid dmup --num 4", "error: unknown command 'dmup'; did you mean dump?");
  expect_usage_error("uvic-fid dump --nums 4", "error: unknown option --nums; did you mean --num?");
  expect_usage_error("uvic-train --out x data", "error: unexpected argument 'data'");
  expect_usage_error("uvic-sample", "error: --checkpoint is required");
  expect_usage_error("uvic-train --threads many", "error: --threads");
  expect_usage_error("uvic-train --print-config --set model.size=28", "did you mean 'model.img_size'?");
  expect_usage_error("uvic-train --print-config --set steps=28",
                     "'sample.steps' or 'preview.steps' or 'train.steps'");
  expect_usage_error("uvic-train --out= --seed 3", "--out: give the run directory");
  expect_usage_error("uvic-train --print-config --steps=", "train.steps: has no value");
  expect_usage_error("uvic-fid --nums", "error: unknown option --nums");
  expect_usage_error("uvic-train --print-config --threads=", "error: --threads: has no value");
  expect_ok(run(dump("--dry-run --num 1e1 --encoders 2.0 --out " + path("counted"))));
  expect_has(print("--steps 1e3 --seed 7 --seed 8"), "seed: 8");  // the last counts
}

TEST_F(Habits, AConfigIsReadInEveryNotation) {
  testing::write_bytes(files() / "forms.yaml",
                       "sample: &s {solver: ddim, steps: 2e1}\npreview: {<<: *s, images: 4}\n"
                       "data: {random_flip: True}\ntrain:\n  steps: 5e5\n  ema: (0.5, 0.9)\n  seed: 4.0\n");
  const std::string text = print("--config " + path("forms.yaml") + " --batch-size 1e2 --val-images 1_000");
  for (const char* line :
       {"  steps: 500000\n", "  ema: [0.5, 0.9]\n", "  seed: 4\n", "  random_flip: true\n",
        "preview:\n  solver: ddim\n  steps: 20\n", "  batch_size: 100\n", "  val_images: 1000\n"})
    expect_has(text, line);
}

}  // namespace
}  // namespace uvic
