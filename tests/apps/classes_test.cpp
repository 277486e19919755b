// The classes of a data set through a run: numbers and names in training, weights, samples, dumps and a
// resume.
#include <gtest/gtest.h>

#include "io/tensor_file.h"
#include "support/image_files.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using namespace uvic::testing;

constexpr const char* kConfig = R"(
model: {img_size: 8, patch_size: 4, in_chans: 3, embed_dim: 16, depth: 2, num_heads: 1, num_classes: 4}
data: {kind: folder}
optimizer: {warmup_steps: 1}
train: {steps: 4, batch_size: 4, ema: 0.9, sample_interval: 0, checkpoint_interval: 2, val_interval: 2}
sample: {solver: ddim, steps: 3}
)";

class Classes : public ::testing::Test {
 protected:
  Classes() {
    write_bytes(directory_ / "config.yaml", kConfig);
    for (const char* name : {"class10", "class9", "e\xCC\x81te\xCC\x81"})
      image(std::string("data/") + name + "/0.png");
  }
  void image(const std::string& name) const { write_image(directory_ / name, picture(8, 8)); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::string train(const std::string& options = "") const {
    return "uvic-train --device cpu --threads 1 --config " + path("config.yaml") +
           " --set data.path=" + path("data") + " --out " + path("run") + " " + options;
  }
  std::string sample(const std::string& options) const {
    return "uvic-sample --device cpu --threads 1 --quiet --seeds 0-3 --checkpoint " + options;
  }
  static void expect_said(const ProcessResult& result, const std::string& text) {
    EXPECT_NE((result.out + result.err).find(text), std::string::npos) << text << "\n"
                                                                       << result.out << result.err;
  }
  TemporaryDirectory directory_;
};

TEST_F(Classes, AreSaidStoredAndAskedForByName) {
  const auto trained = run(train());
  expect_ok(trained);
  expect_said(trained, "classes: 0 class9, 1 class10, 2 \xC3\xA9t\xC3\xA9\n");
  expect_said(run(train("--dry-run")), "classes: 0 class9, 1 class10");
  const std::string weights = path("run/checkpoints/step-00000004/ema-0.9.safetensors");
  const std::string record = R"(["class9","class10","\u00e9t\u00e9"])";
  EXPECT_EQ(load_tensor_file_metadata(weights).at("uvic.classes"), record);
  for (const char* name : {"w.safetensors", "w.pth"}) {
    expect_ok(run("uvic-convert --quiet " + weights + " " + path(name)));
    EXPECT_EQ(load_tensor_file_metadata(path(name)).at("uvic.classes"), record) << name;
  }
  const auto picture_of = [&](const std::string& options) {
    expect_ok(run(sample(options + " --raw " + path("x.npy"))));
    return read_bytes(directory_ / "x.npy");
  };
  const std::string ten = picture_of(path("run") + " --class 1"),
                    none = picture_of(path("run") + " --class none");
  EXPECT_EQ(picture_of(path("run") + " --class class10"), ten);
  EXPECT_EQ(picture_of(path("w.pth") + " --labels class10"), ten);
  EXPECT_EQ(picture_of(path("run") + " --class e\xCC\x81t\xC3\xA9"), picture_of(path("run") + " --class 2"));
  EXPECT_NE(none, ten);
  EXPECT_NE(none, picture_of(path("run") + " --class 0"));
  expect_said(run(sample(path("run") + " --dry-run")), "classes: 0 class9, 1 class10");
  expect_usage_error(sample(path("run") + " --class clas9"), "did you mean 'class9'?");
  expect_usage_error(sample(path("run") + " --class -1"), "'none' is the picture of no class");
  expect_usage_error(sample(path("run") + " --class 3"), "this model has classes 0 to 2");
}

TEST_F(Classes, DumpsAndRecordsHoldNumbersAndNone) {
  expect_ok(run(train("--quiet")));
  const std::string dump =
      "uvic-fid dump --device cpu --threads 1 --quiet --num 2 --checkpoint " + path("run");
  expect_ok(run(dump + " --labels class10 --out " + path("ten")));
  EXPECT_NE(read_bytes(directory_ / "ten/manifest.json").find("\"labels\": \"1\""), std::string::npos);
  expect_ok(run(dump + " --labels none --out " + path("none")));
  expect_ok(run("uvic-fid verify --device cpu --quiet " + path("none")));
  EXPECT_NE(read_bytes(directory_ / "none/000000.png").find("--labels none "), std::string::npos);
  expect_ok(run(sample(path("run") + " --class none --images " + path("images"))));
  EXPECT_NE(read_bytes(directory_ / "images/000000.png").find("--labels none "), std::string::npos);
}

TEST_F(Classes, OfAValidationSetAreMatchedByName) {
  image("val/class9/0.png");
  image("val/\xC3\xA9t\xC3\xA9/0.png");
  const auto result = run(train("--set data.val_path=" + path("val")));
  expect_ok(result);
  expect_said(result, "warning: data.val_path: no image has class 1 (class10)\n");
  image("val/class8/0.png");
  expect_usage_error(train("--restart --set data.val_path=" + path("val")),
                     "the training images have no class class8 (did you mean 'class9'?)");
}

TEST_F(Classes, ThatChangeStopAResume) {
  expect_ok(run(train("--quiet")));
  const std::string on = train("--steps 6");
  image("data/class1/0.png");
  expect_usage_error(on + " --set model.num_classes=5", "model.num_classes differs");
  fs::rename(directory_ / "data/class10", directory_ / "elsewhere");
  const auto refused = run(on);
  EXPECT_EQ(refused.code, 2);
  expect_said(
      refused,
      "the data is not what it was: class 0 was 'class9', now 'class1'; class 1 was 'class10', now 'class9'");
  fs::rename(directory_ / "elsewhere", directory_ / "data/class10");
  fs::remove_all(directory_ / "data/class1");
  image("data/class9/1.png");
  expect_usage_error(on, "3 images then, 4 now; class 'class9' had 1 images, now 2");
  fs::remove(directory_ / "data/class9/1.png");
  fs::rename(directory_ / "data/class9/0.png", directory_ / "data/class9/zero.png");
  expect_usage_error(on, "the same counts and classes, but other file names");
  const auto allowed = run(on + " --set train.allow_new_data=true");
  expect_ok(allowed);
  expect_said(allowed, "other file names; going on, as train.allow_new_data says");
}

TEST_F(Classes, ThatChangeInTheValidationSetAreAWarning) {
  for (const char* name : {"class10", "class9", "e\xCC\x81te\xCC\x81"})
    image(std::string("val/") + name + "/0.png");
  const std::string val = " --set data.val_path=" + path("val");
  expect_ok(run(train(val)));
  image("val/class9/1.png");
  const auto result = run(train("--steps 6" + val));
  expect_ok(result);
  expect_said(
      result,
      "warning: the held-out images are not what they were: 3 images then, 4 now; class 'class9' had 1 "
      "images, now 2; val_loss does not compare with earlier ones");
}

TEST_F(Classes, OfIdxAreNotMirroredUnlessAsked) {
  const fs::path data = write_tiny_set(directory_ / "idx");
  const std::string dry =
      "uvic-train --dry-run --device cpu --set model.img_size=8 --set model.num_classes=5 --set "
      "data.path=" +
      data.string() + " --out " + path("x");
  expect_said(run(dry),
              "no image is mirrored (data.random_flip; off for idx unless it is set: digits and letters)");
  expect_said(run(dry + " --set data.random_flip=true"), "every second image is mirrored left to right");
  for (const char* name : {"fashion_mnist", "fashion_mnist_demo"})  // shoes of that set point left
    expect_said(
        run("uvic-train --print-config --config " UVIC_SOURCE "/configs/" + std::string(name) + ".yaml"),
        "random_flip: false");
}

}  // namespace
}  // namespace uvic
