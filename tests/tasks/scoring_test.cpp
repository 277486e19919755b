#include "tasks/diffusion/scoring.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "io/grid.h"
#include "io/npz.h"
#include "io/safetensors.h"
#include "metrics/frechet.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "recipe/layout.h"
#include "sampling/sampler.h"
#include "support/diffusion_run.h"
#include "support/eval_files.h"
#include "support/tiny_run.h"

namespace uvic {
namespace {

using testing::DiffusionState;

class EvaluationTest : public ::testing::Test {
 protected:
  EvaluationTest() : config_(testing::tiny_config(testing::write_tiny_set(directory_ / "data"))) {
    set_quiet(true);
    testing::add_evaluation(config_, directory_.path());
  }
  DiffusionState train(const std::string& name) const {
    EXPECT_EQ(testing::train(config_, directory_ / name), TrainOutcome::kFinished);
    DiffusionState state(config_);
    load_checkpoint(state, latest_checkpoint(directory_ / name));
    return state;
  }
  std::vector<nlohmann::json> lines(const std::string& name) const {
    std::ifstream file(directory_ / name / "metrics.jsonl");
    std::vector<nlohmann::json> found;
    for (std::string line; std::getline(file, line);) found.push_back(nlohmann::json::parse(line));
    return found;
  }
  /// step -> fid
  std::map<int64_t, nlohmann::json> distances(const std::string& name) const {
    std::map<int64_t, nlohmann::json> found;
    for (const auto& line : lines(name)) {
      if (!line.contains("fid")) continue;
      EXPECT_EQ(line.at("fid_images"), line.at("fid").is_null() ? 0 : config_.train.eval_images);
      found[line.at("step")] = line.at("fid");
    }
    return found;
  }
  /// Features that take a while.
  std::string slow_network() const {
    return testing::script_network(directory_ / "slow.pt", R"(
def forward(self, images):
    y = torch.ones([300, 300])
    for i in range(100):
        y = torch.mm(y, y) / 300
    x = images.float() / 255
    return torch.cat([x.mean([2, 3]), x.amax([1, 2, 3]).unsqueeze(1) * y[0, 0]], 1)
)")
        .string();
  }
  testing::TemporaryDirectory directory_;
  DiffusionConfig config_;
};

TEST_F(EvaluationTest, IsTheDistanceOfTheAveragesSamplesAndHasLinesOfItsOwn) {
  const DiffusionState state = train("run");
  const auto found = distances("run");
  ASSERT_EQ(found.size(), 3U);
  for (const int64_t step : {2, 4, 6}) EXPECT_TRUE(found.at(step).is_number()) << step;

  const SwappedWeights swapped(state.model->parameters(), state.ema->weights(0));
  const at::Tensor images =
      Sampler(*state.model, config_.diffusion, config_.sample).sample({{0, 1, 2, 3}, {0, 1, 2, 3}});
  FeatureExtractor extractor(config_.train.eval_features, c10::kCPU);
  FeatureCollector collector(extractor, {});
  collector.add(to_uint8(images).expand({4, 3, 8, 8}));
  const auto reference = load_stats(config_.train.eval_stats);
  const double expected = frechet_distance(collector.finish("x").pooled, reference.pooled).distance;
  EXPECT_NEAR(found.at(6).get<double>(), expected, 1e-12);
}

TEST_F(EvaluationTest, ChangesNothingThatTrainingComputes) {
  const DiffusionState with = train("with");
  config_.train.eval_interval = 0;
  const DiffusionState without = train("without");
  EXPECT_TRUE(distances("without").empty());
  const auto parameters = with.model->parameters(), others = without.model->parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(at::equal(parameters[i], others[i]));
    EXPECT_TRUE(at::equal(with.ema->weights(0)[i], without.ema->weights(0)[i]));
    EXPECT_TRUE(at::equal(with.optimizer->moments().exp_avgs[i], without.optimizer->moments().exp_avgs[i]));
  }
}

TEST_F(EvaluationTest, TrainingGoesOnWhileTheFeaturesAreComputed) {
  config_.train.eval_features = slow_network();
  config_.train.eval_interval = 4;
  config_.train.log_interval = 1;
  config_.train.checkpoint_interval = 0;
  config_.train.sample_interval = 0;
  config_.train.steps = 7;
  train("run");
  size_t of_step_5 = 0, of_evaluation = 0;
  const auto all = lines("run");
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].at("step") == 5) of_step_5 = i;
    if (all[i].at("step") == 4 && all[i].contains("fid")) of_evaluation = i;
  }
  EXPECT_LT(of_step_5, of_evaluation);
}

TEST_F(EvaluationTest, WhatAKilledRunWasScoringIsScoredWhenItResumes) {
  config_.train.steps = 4;
  train("run");
  const auto first = distances("run");
  std::string kept;
  for (const auto& line : lines("run")) {
    if (line.at("step") != 4 || !line.contains("fid")) kept += line.dump() + "\n";
  }
  testing::write_bytes(directory_ / "run/metrics.jsonl", kept);
  config_.train.steps = 6;
  train("run");
  EXPECT_EQ(distances("run").at(4), first.at(4));
  EXPECT_TRUE(distances("run").contains(6));
  config_.train.eval_interval = 3;  // may change between resumes, as may its files
  config_.train.eval_stats = testing::write_eval_stats(directory_ / "other.npz", 1).string();
  config_.train.steps = 9;
  train("run");
  EXPECT_TRUE(distances("run").contains(9));
}

TEST_F(EvaluationTest, AnExtractorThatFailsLeavesANullAndTrainingGoesOn) {
  config_.train.eval_features =
      testing::script_network(
          directory_ / "fails.pt",
          "def forward(self, x):\n  assert x.max() == 0, 'not black'\n  return x.float().amax([2, "
          "3]).repeat(1, 2)[:, :4]\n")
          .string();
  train("run");
  EXPECT_TRUE(distances("run").at(6).is_null());
}

// Nor previews: a network whose output is too large for float32.
TEST_F(EvaluationTest, ImagesThatAreNotFiniteGiveANullAndAWarning) {
  const DiffusionState state(config_);
  TensorMap weights = named_weights(*state.module);
  weights["norm.weight"] = at::full_like(weights.at("norm.weight"), 3e38F);
  save_safetensors(directory_ / "large.safetensors", weights);
  config_.optimizer.lr = 0;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(testing::train(config_, directory_ / "run", directory_ / "large.safetensors"),
            TrainOutcome::kFinished);
  const std::string said = ::testing::internal::GetCapturedStderr();
  for (const int64_t step : {2, 4, 6}) {
    EXPECT_TRUE(distances("run").at(step).is_null());
    EXPECT_NE(
        said.find(c10::str("warning: evaluation of step ", step,
                           ": all 4 images hold values that are not finite (NaN or infinity), the first of "
                           "seed 0; the score is NaN\n")),
        std::string::npos)
        << said;
  }
  EXPECT_NE(said.find("warning: preview of step 3: all 4 images hold values that are not finite (NaN or "
                      "infinity), the first of seed 0; there is no grid\n"),
            std::string::npos)
      << said;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run/samples/step-00000003.png"));
}

TEST_F(EvaluationTest, WrongFilesAreRefusedBeforeTrainingWithTheirSizes) {
  const auto refusal = [&](const std::string& text) {
    EXPECT_THROW_WITH(FidScorer(config_, c10::kCPU), UsageError, text);
  };
  config_.model.num_classes = -1;
  refusal("sample.cfg is 1.5, which needs a model of classes or of text");
  config_.model.num_classes = 5;
  config_.sample.guide_checkpoint = "elsewhere";
  refusal("sample.guide_checkpoint is elsewhere");
  config_.sample.guide_checkpoint = "none";
  config_.train.eval_stats = testing::fixture("fid_stats_A.npz").string();
  refusal("fid_stats_A.npz is of 48 features, but train.eval_features " + config_.train.eval_features +
          " gives 4");
  save_npz(directory_ / "images.npz", {{"arr_0", at::zeros({2, 8, 8, 3}, at::kByte)}});
  config_.train.eval_stats = (directory_ / "images.npz").string();
  refusal("images.npz: holds neither mu and sigma");
  config_.train.eval_stats = (directory_ / "absent.npz").string();
  refusal("absent.npz: no such file");
  config_.train.eval_features = (directory_ / "absent.pt").string();
  refusal("absent.pt: cannot read");
  config_.train.eval_features = "";
  EXPECT_THROW_WITH(config_.validate(), UsageError, "needs train.eval_stats and train.eval_features");
}

TEST_F(EvaluationTest, SaysWhatItDoesAndWithWhichGuidance) {
  EXPECT_NE(FidScorer(config_, c10::kCPU)
                .describe()
                .find("every 2 steps, 4 images, ddim, 4 steps of 4 evaluations in all, guidance 1.5"),
            std::string::npos);
  config_.sample.cfg = 1;
  EXPECT_NE(FidScorer(config_, c10::kCPU).describe().find("without guidance (sample.cfg is 1)"),
            std::string::npos);
}

}  // namespace
}  // namespace uvic
