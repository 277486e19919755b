#include "data/latent_shards.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/open.h"
#include "io/safetensors.h"
#include "io/save_pth.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::TemporaryDirectory;

/// Shards of `sizes` images with latents [2, 3, 4], as LightningDiT's extract_features.py writes them.
struct Shards {
  TemporaryDirectory directory;
  at::Tensor latents, flipped, labels;

  explicit Shards(const std::vector<int64_t>& sizes = {5, 3}, at::ScalarType dtype = at::kFloat) {
    int64_t all = 0;
    for (const int64_t size : sizes) all += size;
    latents = at::arange(all * 24, at::kFloat).reshape({all, 2, 3, 4}).sin().to(dtype);
    flipped = latents.flip(3);
    labels = at::arange(all, at::kLong).remainder(4);
    int64_t begin = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      write(c10::str("latents_rank00_shard00", i), begin, sizes[i]);
      begin += sizes[i];
    }
  }
  void write(const std::string& name, int64_t begin, int64_t count) const {
    save_safetensors(directory / (name + ".safetensors"), {{"latents", latents.narrow(0, begin, count)},
                                                           {"latents_flip", flipped.narrow(0, begin, count)},
                                                           {"labels", labels.narrow(0, begin, count)}});
  }
};

TEST(LatentShards, AreReadAsTheyAre) {
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) {
    const Shards shards({5, 3}, dtype);
    const auto set = open_latent_shards(shards.directory.path());
    ASSERT_EQ(set->size(), 8);
    EXPECT_EQ(set->image_shape(), (ImageShape{2, 3, 4}));
    EXPECT_EQ(set->num_classes(), 4);
    EXPECT_TRUE(set->keeps_mirrored());
    for (int64_t i = 0; i < 8; ++i) {
      EXPECT_EQ(set->label(i), i % 4);
      EXPECT_TRUE(at::equal(set->moments(i, false)[0], shards.latents[i].to(at::kFloat)));
      EXPECT_TRUE(at::equal(set->moments(i, true)[0], shards.flipped[i].to(at::kFloat)));
      EXPECT_EQ(set->moments(i, false)[1].abs().max().item<float>(), 0);
    }
    EXPECT_ANY_THROW(set->moments(8, false));
    EXPECT_ANY_THROW(set->image(0));
  }
}

TEST(LatentShards, AreSeenByTheirStatistics) {
  const Shards shards;
  const auto measured = open_latent_shards(shards.directory.path())->latents();
  const at::Tensor mean = shards.latents.mean({0, 2, 3}), std = shards.latents.std({0, 2, 3});
  EXPECT_LT(testing::relative_error(at::tensor(measured->mean), mean), 1e-6);
  EXPECT_LT(testing::relative_error(at::tensor(measured->std), std), 1e-6);
  EXPECT_EQ(measured->downscale, 0);

  const at::Tensor given_mean = at::tensor({0.5, -1.0}).view({1, 2, 1, 1});
  save_pth(shards.directory / "latents_stats.pt", {{"mean", given_mean}, {"std", given_mean.abs() + 1}});
  const auto set = open_latent_shards(shards.directory.path());
  EXPECT_EQ(set->latents()->mean, (std::vector<double>{0.5, -1.0}));
  EXPECT_EQ(set->latents()->std, (std::vector<double>{1.5, 2.0}));
  const at::Tensor seen = set->latents()->normalise(shards.latents);
  EXPECT_TRUE(at::allclose(seen.select(1, 0), (shards.latents.select(1, 0) - 0.5) / 1.5));

  save_pth(shards.directory / "latents_stats.pt", {{"mean", at::zeros({3})}, {"std", at::ones({3})}});
  EXPECT_THROW_WITH(open_latent_shards(shards.directory.path()), UsageError,
                    "latents_stats.pt: must hold a \"mean\" of 2 values, one a channel");
}

TEST(LatentShards, HeldOutOnesAreSeenAsThoseOfTraining) {
  const Shards training, held_out({4});
  const DataOptions options{.kind = "latents",
                            .path = training.directory.path().string(),
                            .val_path = held_out.directory.path().string()};
  const DataSets data = open_data(options, {2, 3, 4});
  EXPECT_EQ(data.validation->latents(), data.train->latents());
  EXPECT_TRUE(mirrors(options, *data.train));
  EXPECT_NE(data.train->identity(), data.validation->identity());
}

TEST(LatentShards, OneFileAlone) {
  const Shards shards;
  EXPECT_EQ(open_latent_shards(shards.directory / "latents_rank00_shard001.safetensors")->size(), 3);
}

TEST(LatentShards, WhatIsNone) {
  const Shards shards;
  const auto path = shards.directory.path();
  const auto shard = shards.directory / "latents_rank00_shard002.safetensors";
  save_safetensors(shard, {{"latents", at::zeros({2, 2, 3, 5})},
                           {"latents_flip", at::zeros({2, 2, 3, 5})},
                           {"labels", at::zeros({2}, at::kLong)}});
  EXPECT_THROW_WITH(open_latent_shards(path), UsageError,
                    "shard002.safetensors: its latents are [2, 3, 5], not [2, 3, 4] as in");
  save_safetensors(shard, {{"latents", at::zeros({2, 2, 3, 4})}, {"labels", at::zeros({2}, at::kLong)}});
  EXPECT_THROW_WITH(open_latent_shards(path), UsageError, "has no tensor \"latents_flip\", unlike ");
  save_safetensors(shard, {{"weight", at::zeros({2, 2})}});
  EXPECT_THROW_WITH(open_latent_shards(path), UsageError, "has no tensor \"latents\", so it is no shard");
  save_safetensors(shard, {{"latents", at::zeros({2, 2, 3, 4})},
                           {"latents_flip", at::zeros({2, 2, 3, 4})},
                           {"labels", at::full({2}, -1, at::kLong)}});
  EXPECT_THROW_WITH(open_latent_shards(path), UsageError, "has the label -1");
  const TemporaryDirectory empty;
  EXPECT_THROW_WITH(open_latent_shards(empty.path()), UsageError, "no .safetensors in this folder");
  EXPECT_THROW_WITH(open_latent_shards(empty / "absent"), UsageError, "absent: no such file or folder");
}

}  // namespace
}  // namespace uvic
