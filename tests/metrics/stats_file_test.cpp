#include "metrics/stats_file.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/npz.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::TemporaryDirectory;

at::Tensor rows() {
  return load_safetensors(testing::fixture("fid_features.safetensors"))
      .tensors.at("features_A")
      .to(at::kFloat);
}

TEST(StatsFile, ReadsPytorchFids) {
  const FeatureSet set = load_stats(testing::fixture("fid_stats_A.npz"));
  EXPECT_EQ(set.pooled.dim(), 48);
  EXPECT_EQ(set.images, 0);
  EXPECT_FALSE(set.rows.defined());
  EXPECT_FALSE(set.spatial.defined());
}

TEST(StatsFile, RoundTripInBothDtypesWithSpatialAndFeatures) {
  const TemporaryDirectory directory;
  Moments moments, spatial;
  moments.add(rows());
  spatial.add(rows().narrow(1, 0, 3));
  FeatureSet set{.name = "x",
                 .of_file = false,
                 .images = 400,
                 .pooled = moments.gaussian(),
                 .spatial = spatial.gaussian(),
                 .rows = rows(),
                 .probabilities = {},
                 .why_no_probabilities = ""};
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
    save_stats(directory / "s.npz", set, dtype);
    const TensorMap arrays = load_npz(directory / "s.npz");
    EXPECT_EQ(arrays.size(), 5U);
    EXPECT_EQ(arrays.at("mu").scalar_type(), dtype);
    EXPECT_EQ(arrays.at("sigma_s").scalar_type(), dtype);
    const FeatureSet read = load_stats(directory / "s.npz");
    EXPECT_LT(testing::relative_error(read.pooled.covariance, set.pooled.covariance),
              dtype == at::kFloat ? 1e-7 : 0.5e-15);
    EXPECT_EQ(read.spatial.dim(), 3);
    EXPECT_TRUE(at::equal(read.rows, rows()));
    EXPECT_EQ(read.images, 400);
  }
}

TEST(StatsFile, FeaturesAloneDo) {
  const TemporaryDirectory directory;
  save_npz(directory / "s.npz", {{"arr_0", rows()}});
  EXPECT_TRUE(holds_stats(directory / "s.npz"));
  EXPECT_FALSE(holds_images(directory / "s.npz"));
  const auto expected = load_stats(testing::fixture("fid_stats_A.npz"));
  EXPECT_LT(
      testing::relative_error(load_stats(directory / "s.npz").pooled.covariance, expected.pooled.covariance),
      1e-6);
}

TEST(StatsFile, ImagesAndAdmsReferenceBatchAreToldApart) {
  const TemporaryDirectory directory;
  const at::Tensor images = at::zeros({3, 4, 4, 3}, at::kByte);
  save_npz(directory / "images.npz", {{"arr_0", images}, {"arr_1", at::zeros({3}, at::kLong)}});
  EXPECT_FALSE(holds_stats(directory / "images.npz"));
  EXPECT_TRUE(holds_images(directory / "images.npz"));
  save_npz(directory / "adm.npz", {{"arr_0", images},
                                   {"mu", at::zeros({5})},
                                   {"sigma", at::eye(5)},
                                   {"mu_s", at::zeros({2})},
                                   {"sigma_s", at::eye(2)}});
  EXPECT_TRUE(holds_stats(directory / "adm.npz") && holds_images(directory / "adm.npz"));
  const FeatureSet set = load_stats(directory / "adm.npz");
  EXPECT_EQ(set.pooled.dim(), 5);
  EXPECT_EQ(set.spatial.dim(), 2);
  EXPECT_FALSE(set.rows.defined());
}

TEST(StatsFile, WhatDoesNotFitIsNamed) {
  const TemporaryDirectory directory;
  const auto refusal = [&](const TensorMap& arrays, const std::string& text) {
    save_npz(directory / "s.npz", arrays);
    EXPECT_THROW_WITH(load_stats(directory / "s.npz"), UsageError, text);
  };
  refusal({{"mu", at::zeros({3})}}, "s.npz: has no array \"sigma\", only mu");
  refusal({{"mu", at::zeros({3, 1})}, {"sigma", at::eye(3)}}, "mu must be [D], it is [3, 1]");
  refusal({{"mu", at::zeros({3})}, {"sigma", at::eye(4)}},
          "sigma must be [3, 3] as mu has 3 values, it is [4, 4]");
  refusal({{"mu", at::zeros({3})}, {"sigma", at::eye(3).log()}}, "sigma holds values that are not finite");
  refusal({{"mu", at::zeros({3})}, {"sigma", at::eye(3)}, {"arr_0", at::zeros({4, 2})}},
          "arr_0 has features of 2");
  refusal({{"arr_0", at::zeros({1, 2})}}, "holds neither mu and sigma");
}

TEST(StatsFile, ASigmaThatIsNoCovarianceIsRefused) {
  const TemporaryDirectory directory;
  const auto save = [&](const at::Tensor& sigma) {
    save_npz(directory / "s.npz", {{"mu", at::zeros({sigma.size(0)})}, {"sigma", sigma}});
    return directory / "s.npz";
  };
  EXPECT_THROW_WITH(load_stats(save(-at::eye(3))), UsageError,
                    "s.npz: sigma is no covariance: its eigenvalues go from -1 to -1");
  EXPECT_THROW_WITH(load_stats(save(at::diag(at::tensor({2.0, 1.0, -0.5}, at::kDouble)))), UsageError,
                    "its eigenvalues go from -0.5 to 2, and none may be below 0");
  // What only the eigenvalues show: 1 +- 2.
  EXPECT_THROW_WITH(load_stats(save(at::tensor({1.0, 2.0, 2.0, 1.0}, at::kDouble).view({2, 2}))), UsageError,
                    "go from -1 to 3");
  EXPECT_THROW_WITH(load_stats(save(at::tensor({1.0, 0.5, 0.0, 1.0}, at::kDouble).view({2, 2}))), UsageError,
                    "it is not symmetric; [0, 1] is 0.5, [1, 0] is 0");
  // Rank 3 of 48 and rounded to float32; and no spread at all.
  Moments moments;
  moments.add(rows().narrow(0, 0, 4));
  EXPECT_NO_THROW(load_stats(save(moments.gaussian().covariance.to(at::kFloat))));
  EXPECT_NO_THROW(load_stats(save(at::zeros({3, 3}))));
}

TEST(StatsFile, WhereImagesWereLeftOutTheirNumberIsThere) {
  const TemporaryDirectory directory;
  FeatureSet set = load_stats(testing::fixture("fid_stats_A.npz"));
  set.images = 400;
  save_stats(directory / "all.npz", set, at::kDouble);
  save_stats(directory / "some.npz", set, at::kDouble, /*images_left_out=*/true);
  EXPECT_EQ(load_stats(directory / "all.npz").images, 0);
  EXPECT_EQ(load_stats(directory / "some.npz").images, 400);
}

}  // namespace
}  // namespace uvic
