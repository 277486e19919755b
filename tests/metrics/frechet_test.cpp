#include "metrics/frechet.h"

#include <gtest/gtest.h>

#include "io/npz.h"
#include "support/support.h"

namespace uvic {
namespace {

Gaussian gaussian_of(const at::Tensor& rows) {
  Moments moments;
  for (const at::Tensor& part : rows.split(37)) moments.add(part);
  return moments.gaussian();
}

const SafeTensors& golden() {
  static const SafeTensors file = load_safetensors(testing::fixture("fid_features.safetensors"));
  return file;
}
Gaussian golden_gaussian(const std::string& name) {
  return gaussian_of(golden().tensors.at("features_" + name));
}
double golden_number(const std::string& name) {
  return std::stod(golden().metadata.at(name));
}

TEST(Moments, InBatchesEqualNumpysMeanAndCovariance) {
  const TensorMap stats = load_npz(testing::fixture("fid_stats_A.npz"));  // np.mean, np.cov(rowvar=False)
  const Gaussian a = golden_gaussian("A");
  EXPECT_LT(testing::max_abs_error(a.mean, stats.at("mu")), 1e-14);
  EXPECT_LT(testing::relative_error(a.covariance, stats.at("sigma")), 1e-14);
}

TEST(Moments, ALargeMeanCostsNoDigits) {
  const at::Tensor rows = golden().tensors.at("features_A");
  EXPECT_LT(testing::relative_error(gaussian_of(rows + 1e6).covariance, gaussian_of(rows).covariance), 1e-8);
}

TEST(Moments, RowsOfAnyDtypeAndSizesThatDiffer) {
  Moments moments;
  moments.add(at::tensor({1.0F, 2.0F}).view({1, 2}));
  EXPECT_THROW(moments.gaussian(), c10::Error);
  moments.add(at::empty({0, 2}));
  moments.add(at::tensor({3.0, 6.0}, at::kDouble).view({1, 2}));
  EXPECT_EQ(moments.count(), 2);
  EXPECT_TRUE(at::equal(moments.gaussian().mean, at::tensor({2.0, 4.0}, at::kDouble)));
  EXPECT_TRUE(
      at::equal(moments.gaussian().covariance, at::tensor({2.0, 4.0, 4.0, 8.0}, at::kDouble).view({2, 2})));
  EXPECT_THROW(moments.add(at::zeros({1, 3})), c10::Error);
}

TEST(Frechet, EqualsPytorchFid) {
  const Gaussian a = golden_gaussian("A"), b = golden_gaussian("B");
  const double expected = golden_number("fid_A_B");
  EXPECT_NEAR(frechet_distance(a, b).distance, expected, 1e-6 + 1e-6 * expected);
  EXPECT_NEAR(frechet_distance(b, a).distance, expected, 1e-6 + 1e-6 * expected);
  EXPECT_NEAR(frechet_distance(a, a).distance, golden_number("fid_A_A"), 1e-6);
  EXPECT_EQ(frechet_distance(a, b).rank_a, 48);
}

TEST(Frechet, FewImagesGiveTheRightNumberAndTheirRank) {
  const Gaussian a = golden_gaussian("A"), few = golden_gaussian("few");
  const double expected = golden_number("fid_A_few");
  const FrechetResult result = frechet_distance(a, few);
  EXPECT_NEAR(result.distance, expected, 1e-3 * expected);
  EXPECT_NEAR(result.distance, 55.57429155330074, 1e-4);  // scipy.linalg.sqrtm without pytorch-fid's offset
  EXPECT_EQ(result.rank_a, 48);
  EXPECT_EQ(result.rank_b, 19);
  EXPECT_NEAR(frechet_distance(few, few).distance, 0, 1e-9);
  // Both of low rank, in ranges that differ; by scipy.linalg.sqrtm.
  const Gaussian thirty = gaussian_of(golden().tensors.at("features_B").narrow(0, 0, 30));
  EXPECT_NEAR(frechet_distance(few, thirty).distance, 52.40708582273581, 1e-4);
}

// One dimension: (m1 - m2)^2 + (s1 - s2)^2. Covariances that do not commute: C1 = diag(1, 4), C2 = all 1:
// tr (C1 C2)^(1/2) = sqrt(5), as C1 C2 has rank 1 and trace 5.
TEST(Frechet, ByHand) {
  const auto gaussian = [](std::vector<double> mean, std::vector<double> covariance) {
    const auto D = int64_t(mean.size());
    return Gaussian{at::tensor(mean, at::kDouble), at::tensor(covariance, at::kDouble).view({D, D})};
  };
  EXPECT_NEAR(frechet_distance(gaussian({1}, {4}), gaussian({4}, {9})).distance, 10, 1e-12);
  EXPECT_NEAR(frechet_distance(gaussian({0, 0}, {1, 0, 0, 4}), gaussian({1, 2}, {1, 1, 1, 1})).distance,
              5 + 5 + 2 - 2 * std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(frechet_distance(gaussian({3}, {0}), gaussian({0}, {0})).distance, 9, 1e-12);
  EXPECT_THROW(frechet_distance(gaussian({1}, {4}), gaussian({0, 0}, {1, 0, 0, 4})), c10::Error);
}

}  // namespace
}  // namespace uvic
