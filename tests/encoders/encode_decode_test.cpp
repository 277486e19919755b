// uvic-data encode and decode, from the shell.
#include <gtest/gtest.h>

#include "io/npy.h"
#include "io/png.h"
#include "support/golden_autoencoder.h"
#include "support/process.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;
using testing::run;

const std::string kVae = " --device cpu --quiet --vae " + testing::golden_autoencoder_folder().string() + " ";

class EncodeDecode : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_ / name; }
  Tensor made(const std::string& arguments, const std::string& out) const {
    const auto result = run("uvic-data " + arguments + " --out " + path(out));
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return load_npy(path(out));
  }
  void expect_refused(const std::string& arguments, const std::string& message) const {
    const auto result = run("uvic-data " + arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
  testing::TemporaryDirectory directory_;
  const TensorMap golden_ = testing::golden_autoencoder_io();
};

TEST_F(EncodeDecode, LatentsToPictures) {
  const Tensor z = golden_.at("z"), decoded = golden_.at("decoded");
  save_npy(path("z.npy"), z);
  save_npy(path("scaled.npy"), z.mul(0.18215));
  save_npy(path("coco.npy"), z.mul(0.2301));
  EXPECT_LT(relative_error(made("decode" + kVae + path("z.npy") + " --unscaled", "a.npy"), decoded), 1e-5);
  EXPECT_LT(relative_error(made("decode" + kVae + path("scaled.npy") + " --batch-size 1", "b.npy"), decoded),
            1e-5);
  EXPECT_LT(
      relative_error(made("decode" + kVae + path("coco.npy") + " --scaling-factor 0.2301", "c.npy"), decoded),
      1e-5);
  const auto result = run("uvic-data decode" + kVae + path("scaled.npy") + " --out " + path("pictures"));
  ASSERT_EQ(result.code, 0) << result.err;
  const auto picture = inspect_png(path("pictures/000001.png"));
  ASSERT_TRUE(picture.has_value());
  EXPECT_EQ(picture->width, 32);
  EXPECT_FALSE(std::filesystem::exists(path("pictures/000002.png")));
}

// What encode writes, decode takes.
TEST_F(EncodeDecode, PicturesToLatents) {
  at::manual_seed(5);
  const Tensor pixels = at::randint(0, 256, {3, 16, 24, 3}, at::kByte);
  save_npy(path("in.npy"), pixels);
  std::filesystem::create_directory(path("in"));
  for (int64_t i = 0; i < 3; ++i)
    save_png(path("in/" + std::to_string(i) + ".png"), pixels[i].permute({2, 0, 1}).contiguous());
  const AutoencoderKL autoencoder(testing::golden_autoencoder_options(),
                                  testing::golden_autoencoder_weights());
  const LatentMoments moments = autoencoder.encode(pixels.permute({0, 3, 1, 2}).to(at::kFloat) / 127.5 - 1);

  const Tensor latents = made("encode" + kVae + path("in.npy") + " --batch-size 2", "latents.npy");
  EXPECT_LT(relative_error(latents, moments.mean * 0.18215), 1e-5);
  EXPECT_TRUE(made("encode" + kVae + path("in"), "of_files.npy").equal(latents));
  EXPECT_LT(relative_error(made("encode" + kVae + path("in") + " --moments", "moments.npy"),
                           at::cat({moments.mean, moments.std}, 1)),
            1e-5);
  EXPECT_LT(relative_error(made("decode" + kVae + path("latents.npy"), "back.npy"),
                           autoencoder.decode(moments.mean)),
            1e-5);
  EXPECT_EQ(made("encode" + kVae + path("in") + " --image-size 8", "small.npy").sizes(),
            (std::vector<int64_t>{3, 4, 2, 2}));
}

TEST_F(EncodeDecode, SaysWhatIsWrong) {
  save_npy(path("grey.npy"), at::zeros({1, 8, 8, 1}, at::kByte));
  save_npy(path("odd.npy"), at::zeros({1, 8, 10, 3}, at::kByte));
  save_npy(path("five.npy"), at::zeros({1, 5, 4, 4}));
  save_npy(path("nan.npy"), at::full({2, 4, 4, 4}, NAN));
  save_npy(path("large.npy"), at::zeros({1, 4, 256, 256}));
  const std::string out = " --out " + path("out.npy");
  expect_refused("encode" + kVae + path("grey.npy") + out,
                 "grey.npy: pictures of 1 channel; the autoencoder takes 3");
  expect_refused("encode" + kVae + path("odd.npy") + out, "odd.npy: pictures of 8 x 10");
  expect_refused("encode" + kVae + path("nan.npy") + out,
                 "nan.npy: is float32 [2, 4, 4, 4] where pictures are uint8");
  expect_refused("decode" + kVae + path("five.npy") + out,
                 "five.npy: latents of 5 channels; the autoencoder's have 4");
  expect_refused("decode" + kVae + path("grey.npy") + out,
                 "grey.npy: is uint8 [1, 8, 8, 1] where latents are float32");
  expect_refused("decode" + kVae + path("nan.npy") + out, "nan.npy: latent 0 holds a NaN or an infinity");
  expect_refused("decode" + kVae + path("large.npy") + " --memory-mb 1 --out " + path("folder"), "takes");
  EXPECT_FALSE(std::filesystem::exists(path("out.npy")));
  EXPECT_FALSE(std::filesystem::exists(path("folder")));
}

}  // namespace
}  // namespace uvic
