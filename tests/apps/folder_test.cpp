// A folder of files as people have them, end to end: train, sample, and what is said about files that are no
// use.
#include <gtest/gtest.h>

#include "io/png.h"
#include "support/cifar_files.h"
#include "support/image_files.h"
#include "support/process.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using namespace uvic::testing;

constexpr const char* kConfig = R"(
model: {img_size: 32, patch_size: 8, in_chans: 3, embed_dim: 32, depth: 2, num_heads: 2, num_classes: 4}
data: {kind: folder}
optimizer: {warmup_steps: 1}
train: {steps: 20, batch_size: 4, ema: 0.9, sample_interval: 10, checkpoint_interval: 10, val_interval: 10}
sample: {solver: ddim, steps: 4}
preview: {solver: ddim, steps: 3, images: 4}
)";

/// The golden images in three nested classes, with other files among them.
class FolderRun : public ::testing::Test {
 protected:
  FolderRun() {
    const std::vector<std::string> classes = {"birds", "cats/indoors/old", "dogs/big"};
    size_t i = 0;
    for (const auto& entry : fs::directory_iterator(fixture("images/in"))) {
      const fs::path folder = directory_ / ("images/" + classes[i++ % 3]);
      fs::create_directories(folder);
      fs::copy(entry.path(), folder / entry.path().filename());
    }
    write_bytes(directory_ / "images/notes.txt", "not an image");
    write_bytes(directory_ / "images/cats/logo.svg", "<svg/>");
    write_bytes(directory_ / "images/cats/purr.wav", "RIFF");
    write_bytes(directory_ / "config.yaml", kConfig);
  }
  std::string train(const std::string& options = "") const {
    return "uvic-train --device cpu --threads 2 --config " + (directory_ / "config.yaml").string() +
           " --set data.path=" + (directory_ / "images").string() + " --out " +
           (directory_ / "run").string() + " " + options;
  }
  TemporaryDirectory directory_;
};

TEST_F(FolderRun, TrainsAndSamples) {
  const auto trained = run(train("--set data.val_fraction=0.2"));
  expect_ok(trained);
  for (const char* line :
       {"passed over files that are no images: 1 svg, 1 txt, 1 wav", "1 of 14 images are smaller than 32x32",
        "11 of 14 images prepared to 3x32x32, 3 classes (birds, cats, dogs) from class folders",
        "kept in memory", "held out: 3 of 14 images"}) {
    EXPECT_NE(trained.err.find(line), std::string::npos) << line << "\n" << trained.err;
  }
  const std::string metrics = read_bytes(directory_ / "run/metrics.jsonl");
  EXPECT_NE(metrics.find("\"step\":20"), std::string::npos);
  EXPECT_NE(metrics.find("val_loss"), std::string::npos);
  const fs::path grid = directory_ / "grid.png";
  expect_ok(run("uvic-sample --device cpu --class-per-row --grid 3x4 --checkpoint " +
                (directory_ / "run").string() + " --out " + grid.string()));
  const auto png = inspect_png(grid);
  ASSERT_TRUE(png.has_value());
  EXPECT_EQ(png->channels, 3);
  EXPECT_EQ(png->height, 3 * 34 + 2);
}

TEST_F(FolderRun, EachUselessFileIsNamed) {
  write_bytes(directory_ / "images/birds/empty.png", "");
  write_bytes(directory_ / "images/dogs/text.png", "this was a text file");
  for (const char* name : {"birds/empty.png: the file is empty", "dogs/text.png: not a PNG"}) {
    expect_usage_error(train(), (directory_ / "images").string() + "/" + name);
    expect_usage_error(train("--dry-run"), name);
  }
  EXPECT_FALSE(fs::exists(directory_ / "run"));
  fs::remove(directory_ / "images/birds/empty.png");
  fs::remove(directory_ / "images/dogs/text.png");

  std::string corrupt = read_bytes(fixture("images/in/rgb_wide.png"));
  corrupt[corrupt.size() / 2] ^= 0x55;
  write_bytes(directory_ / "images/cats/corrupt.png", corrupt);
  expect_usage_error(train("--quiet"),
                     "error: " + (directory_ / "images/cats/corrupt.png").string() + ": damaged");

  const auto skipped = run(train("--set data.on_error=skip --restart"));
  expect_ok(skipped);
  EXPECT_NE(skipped.err.find("warning: skipped " + (directory_ / "images/cats/corrupt.png").string()),
            std::string::npos)
      << skipped.err;
  EXPECT_NE(skipped.err.find("1 images could not be decoded and were skipped"), std::string::npos)
      << skipped.err;
  EXPECT_NE(read_bytes(directory_ / "run/metrics.jsonl").find("\"skipped_images\":1"), std::string::npos);
}

TEST_F(FolderRun, OptionsThatDoNotGoTogether) {
  expect_usage_error(train("--set data.val_fraction=0.1 --set data.val_path=x"),
                     "data.val_path and data.val_fraction: give one of them");
  expect_usage_error(train("--set data.crop_box=[1,2,3]"),
                     "data.crop_box: must be [left, top, right, bottom]");
  expect_usage_error(train("--set data.crop_box=[5,5,5,9]"), "data.crop_box: [5, 5, 5, 9] is empty");
  expect_usage_error(train("--set data.background=[1,2]"), "data.background: must be [red, green, blue]");
  expect_usage_error(train("--set data.background=256"), "data.background: 256 is out of range");
  expect_usage_error(train("--set model.num_classes=3"), "labels go up to 2");
  fs::copy(fixture("images/in/exact.png"), directory_ / "images/outside.png");
  expect_usage_error(train(), "but the images have no classes");
  expect_ok(run(train("--dry-run --set model.num_classes=-1")));
}

// Each published recipe on a little data of its kind: --dry-run says what it needs.
TEST(Recipes, PassTheDryRun) {
  const TemporaryDirectory data;
  write_cifar10(data / "cifar10", 2);
  for (int i = 0; i < 3; ++i)
    write_image(data / ("folder/n0" + std::to_string(i) + "/x.jpg"), picture(218, 178, i));
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(UVIC_SOURCE "/configs")) {
    const std::string name = entry.path().stem().string();
    if (name.find("_uvi") == std::string::npos) continue;
    ++seen;
    // Latent recipes name no data: the dry run says so.
    const bool latent =
        name.starts_with("imagenet256") || name.starts_with("imagenet512") || name.starts_with("mscoco256");
    const std::string set = (data / (name.starts_with("cifar10") ? "cifar10" : "folder")).string();
    const auto result = run("uvic-train --dry-run --config " + entry.path().string() +
                            (latent ? "" : " --set data.path=" + set) + " --out " + (data / "run").string());
    expect_ok(result);
    EXPECT_EQ(latent, result.out.find("data: none; data.path is not set") != std::string::npos) << name;
    const bool cog = name.find("_uvic_") != std::string::npos;
    for (const char* word : {"parameters", "FLOP an image", "memory: about",
                             "disk: ", "data: ", cog ? "2 softmax blocks" : "softmax blocks, fused, CPU"}) {
      EXPECT_NE(result.out.find(word), std::string::npos) << name << ": " << word << "\n" << result.out;
    }
  }
  EXPECT_EQ(seen, 20);
}

TEST(Recipes, SayWhatTheyNeedBeforeTheirDataIsThere) {
  const TemporaryDirectory folder;
  const auto result =
      run("uvic-train --dry-run --config " UVIC_SOURCE "/configs/cifar10_uvic_s2.yaml --out " +
          (folder / "run").string() + " --set data.path=" + (folder / "absent").string());
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out.substr(0, 7), "model: ");
  EXPECT_NE(result.err.find("absent: no such folder"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace uvic
