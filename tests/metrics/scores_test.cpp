#include "metrics/scores.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/errors.h"
#include "io/safetensors.h"
#include "metrics/stats_file.h"
#include "support/support.h"

namespace uvic {
namespace {

FeatureSet side(const std::string& name, bool rows = true) {
  const at::Tensor features =
      load_safetensors(testing::fixture("fid_features.safetensors")).tensors.at("features_" + name);
  Moments moments;
  moments.add(features);
  FeatureSet set;
  set.name = name;
  set.images = features.size(0);
  set.pooled = moments.gaussian();
  if (rows) set.rows = features.to(at::kFloat);
  set.why_no_probabilities = "x.pt gives only features";
  return set;
}

std::vector<std::string> names(const Scores& scores) {
  std::vector<std::string> names;
  for (const Score& score : scores.scores) names.push_back(score.name);
  return names;
}

TEST(Scores, AsFarAsTheSidesAllow) {
  FeatureSet a = side("A"), b = side("B");
  const Scores some = compute_scores(a, b);
  EXPECT_EQ(names(some),
            (std::vector<std::string>{"fid", "kid", "precision", "recall", "density", "coverage"}));
  EXPECT_EQ(some.left_out.size(), 2U);
  EXPECT_NEAR(some.scores[0].value, 11.263008532422475, 1e-5);
  EXPECT_EQ(some.scores[1].note, "100 subsets of 300");
  EXPECT_TRUE(some.warnings.empty());
  a.probabilities = a.rows.narrow(1, 0, 10).softmax(1);
  a.spatial = a.pooled;
  b.spatial = b.pooled;
  EXPECT_EQ(names(compute_scores(a, b)), score_names());
}

TEST(Scores, AStatisticsFileAllowsFidAlone) {
  const Scores scores = compute_scores(load_stats(testing::fixture("fid_stats_A.npz")), side("B"));
  EXPECT_EQ(names(scores), std::vector<std::string>{"fid"});
  EXPECT_NEAR(scores.scores[0].value, 11.263008532422475, 1e-6 * 12);
}

// The features of images are not kept where the other side cannot be compared with them.
TEST(Scores, WhatIsLeftOutNamesTheSideWithoutFeatures) {
  FeatureSet images = side("A", /*rows=*/false), statistics = side("B", /*rows=*/false);
  statistics.images = 0;
  const Scores scores = compute_scores(images, statistics);
  EXPECT_EQ(std::count_if(scores.left_out.begin(), scores.left_out.end(),
                          [](const std::string& text) {
                            return text.find(": B: has mean and covariance") != std::string::npos;
                          }),
            5);
}

TEST(Scores, WhatIsAskedForByNameAndCannotBeIsAnErrorThatSaysWhy) {
  const FeatureSet a = side("A"), b = side("B", /*rows=*/false);
  EXPECT_EQ(names(compute_scores(a, b, {"fid"})), std::vector<std::string>{"fid"});
  EXPECT_THROW_WITH(compute_scores(a, b, {"fid", "inception_score"}), UsageError,
                    "inception_score: x.pt gives only features");
  EXPECT_THROW_WITH(compute_scores(a, b, {"kid"}), UsageError, "B: has mean and covariance only");
  EXPECT_THROW_WITH(compute_scores(a, b, {"sfid"}), UsageError, "A: no spatial features");
  FeatureSet other = a;
  other.pooled = {a.pooled.mean.narrow(0, 0, 2), a.pooled.covariance.narrow(0, 0, 2).narrow(1, 0, 2)};
  EXPECT_THROW_WITH(compute_scores(a, other), UsageError, "A has 48 features, A has 2");
}

TEST(Scores, FewImagesAreWarnedOfWithTheirNumberAndRank) {
  const Scores scores = compute_scores(side("few"), side("A"));
  EXPECT_NEAR(scores.scores[0].value, 55.574291599208735, 55e-3);
  ASSERT_EQ(scores.warnings.size(), 1U);
  EXPECT_NE(scores.warnings[0].find("few (20 images): the covariance of 48 features has rank 19"),
            std::string::npos)
      << scores.warnings[0];
}

TEST(Scores, TwoSmallSidesAreOneWarningAndTheSameSideIsNamedOnce) {
  const FeatureSet few = side("few");
  const Scores self = compute_scores(few, few);
  ASSERT_EQ(self.warnings.size(), 1U);
  EXPECT_EQ(self.warnings[0].find("few (20"), self.warnings[0].rfind("few (20"));
  FeatureSet other = few;
  other.name = "other";
  const Scores two = compute_scores(few, other);
  ASSERT_EQ(two.warnings.size(), 1U);
  EXPECT_NE(two.warnings[0].find("few (20 images): the covariance of 48 features has rank 19, "
                                 "that of other (20 images) rank 19: N is small"),
            std::string::npos)
      << two.warnings[0];
}

TEST(Scores, AKidOfTheWholeSetsHasNoStandardErrorAndBelowZeroIsZero) {
  const FeatureSet few = side("few");
  const Scores scores = compute_scores(few, few, {"kid"});
  ASSERT_EQ(scores.scores.size(), 1U);
  EXPECT_LT(scores.scores[0].value, 0);
  EXPECT_FALSE(scores.scores[0].spread.has_value());
  EXPECT_EQ(scores.scores[0].note, "no standard error: subsets are the whole set");
  ASSERT_EQ(scores.notes.size(), 1U);
  EXPECT_NE(scores.notes[0].find("a KID below 0 is 0 within its error"), std::string::npos);
  EXPECT_TRUE(compute_scores(side("A"), side("B"), {"kid"}).notes.empty());
}

// By what is known before any image is looked at.
TEST(Scores, TooFewImagesForAScoreThatIsAskedFor) {
  const SideFacts five{.name = "five",
                       .of_file = false,
                       .images = 5,
                       .dim = 48,
                       .spatial = 0,
                       .rows = true,
                       .why_no_probabilities = ""};
  SideFacts many = five;
  many.name = "many";
  many.images = 100;
  EXPECT_NO_THROW(check_scores(five, many, {"fid", "kid"}));
  EXPECT_THROW_WITH(check_scores(many, five, {"recall"}), UsageError,
                    "--metrics recall: five: it needs 6 images, there are 5");
  EXPECT_THROW_WITH(check_scores(five, many, {"inception_score"}), UsageError, "it needs 10 images");
  EXPECT_THROW_WITH(check_scores(five, many, {"sfid"}), UsageError, "five: no spatial features");
}

}  // namespace
}  // namespace uvic
