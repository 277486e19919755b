// The autoencoder against diffusers' (within 1e-4 relative, as asked; in fact 1e-6), and decoding in tiles.
#include <gtest/gtest.h>

#include "core/errors.h"
#include "nn/autoencoder_plan.h"
#include "nn/autoencoder_tiles.h"
#include "support/golden_autoencoder.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

AutoencoderKL golden_autoencoder(Precision precision = Precision::kFp32) {
  return {testing::golden_autoencoder_options(), testing::golden_autoencoder_weights(), c10::kCPU, precision};
}

TEST(Autoencoder, GoldenMomentsAndImages) {
  const TensorMap golden = testing::golden_autoencoder_io();
  const AutoencoderKL autoencoder = golden_autoencoder();
  const LatentMoments moments = autoencoder.encode(golden.at("image"));
  EXPECT_LT(relative_error(moments.mean, golden.at("latent_mean")), 1e-5);
  EXPECT_LT(relative_error(moments.std, golden.at("latent_std")), 1e-5);
  EXPECT_LT(relative_error(autoencoder.decode(golden.at("z")), golden.at("decoded")), 1e-5);
  EXPECT_LT(relative_error(decode_within(autoencoder, golden.at("z")), golden.at("decoded")), 1e-5);
}

TEST(Autoencoder, Bfloat16IsNear) {
  const TensorMap golden = testing::golden_autoencoder_io();
  const AutoencoderKL autoencoder = golden_autoencoder(Precision::kBf16);
  EXPECT_LT(relative_error(autoencoder.encode(golden.at("image")).mean, golden.at("latent_mean")), 3e-2);
  EXPECT_LT(relative_error(autoencoder.decode(golden.at("z")), golden.at("decoded")), 3e-2);
}

// Its options are read off the shapes: all but the groups of its norms.
TEST(Autoencoder, OptionsOfShapes) {
  AutoencoderOptions options;
  options.in_channels = options.out_channels = 1;
  options.latent_channels = 16;
  options.block_out_channels = {32, 64, 64, 128};
  options.layers_per_block = 1;
  options.encoder_attention = {2, 3};
  options.decoder_attention = {3};
  options.mid_block_add_attention = options.use_quant_conv = false;
  EXPECT_EQ(autoencoder_of_shapes(parameter_shapes(options), {}), options);
}

// A latent of which one half is flat and the other rough, so that no tile's statistics are those of the
// whole.
Tensor uneven_latent(int64_t height, int64_t width) {
  at::manual_seed(3);
  Tensor latent = at::randn({1, 4, height, width});
  latent.slice(3, 0, width / 2).mul_(0.1).add_(1.5);
  return latent;
}

double grey_levels_apart(const Tensor& a, const Tensor& b) {
  return testing::max_abs_error(a, b) * 127.5;
}

// As the limit falls, more of it is tiled, from single blocks to all that lies above the middle. Not one grey
// level: a hundredth of one, everywhere.
TEST(AutoencoderTiles, EqualWholeDecoding) {
  const AutoencoderKL autoencoder = golden_autoencoder();
  const Tensor latent = uneven_latent(40, 56);
  const Tensor whole = autoencoder.decode(latent);
  const AutoencoderSteps steps = decoder_steps(autoencoder.options());
  const int64_t all = plan_decoding(steps, 40, 56, kDecodeMemory).peak_bytes;
  size_t tiled_steps = 0;
  for (const double share : {1.0, 0.8, 0.5, 0.3, 0.22}) {
    const auto bytes = int64_t(share * double(all));
    const DecodePlan plan = plan_decoding(steps, 40, 56, bytes);
    EXPECT_EQ(plan.tiled(), share < 1);
    EXPECT_LE(plan.peak_bytes, bytes) << share;
    size_t tiled = 0;
    for (const DecodeStretch& stretch : plan.stretches)
      tiled += stretch.tiled() ? stretch.last - stretch.first : 0;
    EXPECT_GE(tiled, tiled_steps);
    tiled_steps = tiled;
    const Tensor decoded = decode_within(autoencoder, latent, bytes);
    EXPECT_LT(grey_levels_apart(decoded, whole), 0.01) << share;
  }
}

// With statistics of their own, tiles would not be near: what the two passes are for.
TEST(AutoencoderTiles, ATileByItselfIsAnotherPicture) {
  const AutoencoderKL autoencoder = golden_autoencoder();
  const Tensor latent = uneven_latent(40, 56);
  const Tensor whole = autoencoder.decode(latent), part = autoencoder.decode(latent.slice(3, 0, 28));
  EXPECT_GT(grey_levels_apart(part.slice(3, 0, 32), whole.slice(3, 0, 32)), 1);
}

TEST(AutoencoderTiles, APictureDoesNotDependOnThoseBesideIt) {
  const AutoencoderKL autoencoder = golden_autoencoder();
  at::manual_seed(4);
  const Tensor latents = at::randn({3, 4, 8, 8});
  const Tensor all = decode_within(autoencoder, latents);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_TRUE(decode_within(autoencoder, latents.slice(0, i, i + 1)).equal(all.slice(0, i, i + 1)));
  EXPECT_EQ(decode_within(autoencoder, latents.slice(0, 0, 0)).size(0), 0);
}

TEST(AutoencoderTiles, TooLittleMemoryIsRefused) {
  const AutoencoderKL autoencoder = golden_autoencoder();
  EXPECT_THROW_WITH(decode_within(autoencoder, uneven_latent(40, 56), 1 << 16), UsageError,
                    "decoding a picture of 160 x 224 takes");
}

}  // namespace
}  // namespace uvic
