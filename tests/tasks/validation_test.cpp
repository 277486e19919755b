#include "tasks/diffusion/validation.h"
#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "data/open.h"
#include "nn/uvit.h"
#include "support/diffusion_run.h"
#include "support/folder_set.h"
#include "support/tiny_run.h"

namespace uvic {
namespace {

class ValidationTest : public ::testing::Test {
 protected:
  ValidationTest() : config_(testing::tiny_config(testing::write_tiny_set(directory_ / "data"))) {
    set_quiet(true);
    config_.data.val_fraction = 0.25;
  }
  DataSets data() const { return open_data(config_.data, config_.model.image_shape()); }
  /// The validation lines of a whole run.
  std::vector<nlohmann::json> train(const std::string& name) const {
    EXPECT_EQ(testing::train(config_, directory_ / name), TrainOutcome::kFinished);
    std::ifstream lines(directory_ / name / "metrics.jsonl");
    std::vector<nlohmann::json> found;
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.contains("val_loss")) found.push_back(json);
    }
    return found;
  }
  Validation validation_of(const Dataset& dataset) const {
    return {dataset, config_, ExampleMaker(config_, dataset, {}, c10::kCPU)};
  }
  testing::TemporaryDirectory directory_;
  DiffusionConfig config_;
};

// By hand: six held-out images, t = (i + 1/2) / 6, x_t = alpha x0 + sigma noise, the network's error.
TEST_F(ValidationTest, IsTheLossAtFixedTimesAndNoises) {
  const DataSets sets = data();
  ASSERT_EQ(sets.validation->size(), 6);
  const testing::DiffusionState state(config_);
  const at::NoGradGuard no_grad;
  const auto schedule = make_schedule(config_.diffusion);
  double expected = 0;
  const auto order = permutation(0, 0, 6);
  for (int64_t i = 0; i < 6; ++i) {
    const double t = (double(i) + 0.5) / 6;
    at::Tensor noise = at::empty({1, 1, 8, 8});
    CounterRandom(0, RandomStream::kValidation, uint64_t(i)).fill_normal({noise.data_ptr<float>(), 64});
    const int64_t index = order[size_t(i)];
    const at::Tensor x0 = sets.validation->image(index).unsqueeze(0).to(at::kFloat) / 127.5 - 1;
    const at::Tensor xt = x0 * schedule->alpha(t) + noise * schedule->sigma(t);
    const at::Tensor label = at::tensor({sets.validation->label(index)}, at::kLong);
    const at::Tensor predicted = state.model->forward(xt, at::tensor({999.0 * t}, at::kFloat), label);
    expected += (predicted - noise).square().mean().item<double>() / 6;
  }
  EXPECT_NEAR(validation_of(*sets.validation).loss(*state.objective), expected, 1e-5 * expected);
}

TEST_F(ValidationTest, GoesIntoTheMetricsAndFollowsTheWeights) {
  const auto lines = train("run");
  ASSERT_EQ(lines.size(), 3);
  EXPECT_EQ(lines[0].at("step"), 2);
  EXPECT_NE(lines[0].at("val_loss"), lines[2].at("val_loss"));
  EXPECT_NE(lines[2].at("val_loss"), lines[2].at("val_loss_ema"));
  EXPECT_EQ(train("again")[2].at("val_loss"), lines[2].at("val_loss"));
  testing::DiffusionState state(config_);
  load_checkpoint(state, directory_ / "run/checkpoints/step-00000006");
  const double loss = validation_of(*data().validation).loss(*state.objective);
  EXPECT_EQ(lines[2].at("val_loss").get<double>(), loss);
}

TEST_F(ValidationTest, TheSameWeightsGiveTheSameLossAtEveryStepAndSeed) {
  config_.optimizer.lr = 0;
  const auto lines = train("run");
  EXPECT_EQ(lines[0].at("val_loss"), lines[2].at("val_loss"));
  EXPECT_EQ(lines[0].at("val_loss"), lines[0].at("val_loss_ema"));
}

TEST_F(ValidationTest, HasLinesOfItsOwnBetweenLogSteps) {
  config_.train.log_interval = 100;
  config_.train.val_interval = 3;
  const auto lines = train("run");
  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(lines[0].at("step"), 3);
  EXPECT_FALSE(lines[0].contains("loss"));
}

TEST_F(ValidationTest, TakesAtMostValImagesAndSkipsWhatIsDamaged) {
  config_.train.val_images = 4;
  EXPECT_EQ(validation_of(*data().validation).size(), 4);
  config_.data.kind = "folder";
  config_.data.path = testing::write_folder_set(directory_ / "folder").string();
  testing::damage_folder_set(directory_ / "folder");
  config_.train.val_images = 1000;
  const auto whole = open_data({.kind = "folder", .path = config_.data.path}, {1, 8, 8}).train;
  EXPECT_THROW_WITH(validation_of(*whole), UsageError, "b/5.png: damaged");
  config_.data.on_error = "skip";
  EXPECT_EQ(validation_of(*whole).size(), 12);
}

}  // namespace
}  // namespace uvic
