#include "train/trainer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "data/open.h"
#include "diffusion/vp_schedules.h"
#include "io/png.h"
#include "nn/parameters.h"
#include "recipe/layout.h"
#include "recipe/snapshots.h"
#include "support/diffusion_run.h"
#include "support/tiny_run.h"
#include "tasks/diffusion/check_data.h"
#include "train/checkpoint.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using testing::DiffusionState;

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() : config_(testing::tiny_config(testing::write_tiny_set(directory_ / "data"))) {
    set_quiet(true);
  }
  fs::path path() const { return directory_ / "run"; }
  DiffusionState train(const fs::path& init_from = {}) {
    EXPECT_EQ(testing::train(config_, path(), init_from), TrainOutcome::kFinished);
    DiffusionState state(config_);
    load_checkpoint(state, latest_checkpoint(path()));
    return state;
  }
  testing::TemporaryDirectory directory_;
  DiffusionConfig config_;
};

TEST_F(TrainerTest, WritesMetricsSamplesAndCheckpoints) {
  train();
  std::ifstream lines(path() / "metrics.jsonl");
  std::vector<int64_t> steps;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    steps.push_back(json.at("step"));
    EXPECT_EQ(json.at("images").get<int64_t>(), 4 * steps.back());
    for (const char* key : {"loss", "lr", "grad_norm", "images_per_second", "data_wait_fraction"}) {
      EXPECT_TRUE(json.at(key).is_number()) << key;
    }
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{2, 4, 6}));
  const auto grid = inspect_png(path() / "samples/step-00000003.png");
  ASSERT_TRUE(grid.has_value());
  EXPECT_EQ(grid->width, 2 * 10 + 2);
  EXPECT_TRUE(fs::exists(path() / "samples/step-00000006.png"));
  EXPECT_TRUE(fs::exists(path() / "checkpoints/step-00000006/training.safetensors"));
}

// The tenths' means, weighed by how many times fell into each, are the mean loss over the steps of a line.
TEST_F(TrainerTest, MetricsHaveTheLossOfEachTenthOfTheTimes) {
  config_.train.log_interval = config_.train.steps;
  config_.train.batch_size = 4;
  train();
  const auto line = nlohmann::json::parse(testing::read_bytes(path() / "metrics.jsonl"));
  std::array<double, 10> counts{};
  for (int64_t image = 0; image < 4 * config_.train.steps; ++image) {
    const float t =
        CounterRandom(uint64_t(config_.train.seed), RandomStream::kTime, uint64_t(image)).uniform();
    ++counts[size_t(t * 10)];
  }
  for (size_t tenth = 0; tenth < 10; ++tenth) {
    EXPECT_EQ(line.contains("loss_t" + std::to_string(tenth)), counts[tenth] > 0) << tenth;
  }
}

TEST_F(TrainerTest, LossBucketsAreMeans) {
  LossBuckets buckets;
  buckets.add(VpLinearSchedule(), at::tensor({0.05F, 0.01F, 0.95F, 0.5F}),
              at::tensor({1.0F, 3.0F, 5.0F, std::numeric_limits<float>::quiet_NaN()}));
  const auto values = buckets.take();
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0], (std::pair<std::string, double>("loss_t0", 2.0)));
  EXPECT_EQ(values[1], (std::pair<std::string, double>("loss_t9", 5.0)));
  EXPECT_TRUE(buckets.take().empty());
}

TEST_F(TrainerTest, SnapshotsOfPowerFunctionAveragesGiveTheStoredWidthBack) {
  config_.train.ema_widths = {0.05, 0.1};
  config_.train.snapshot_interval = 2;
  const DiffusionState state = train();
  EXPECT_EQ(list_snapshots(path()).size(), 6U);  // steps 2, 4, 6
  const SafeTensors found = reconstruct_ema(path(), 0.1);
  const auto names = state.model->named_parameters().keys();
  for (size_t i = 0; i < state.ema->size(); ++i) {
    if (state.ema->name(i) != "power-0.1") continue;
    for (size_t p = 0; p < names.size(); ++p) {
      // float16 snapshots, combined with factors that are 0 or 1 up to what two close widths leave open.
      EXPECT_LT(testing::max_abs_error(found.tensors.at(names[p]), state.ema->weights(i)[p]), 5e-3)
          << names[p];
    }
  }
  EXPECT_EQ(find_weights_file(path(), "power-0.05").filename(), "power-0.05.safetensors");
}

TEST_F(TrainerTest, MicroBatchesGiveTheSameUpdateUpToRounding) {
  const auto whole = train();
  fs::remove_all(path());
  config_.train.grad_accum = 2;
  const auto split = train();
  for (size_t i = 0; i < whole.model->parameters().size(); ++i) {
    EXPECT_LT(
        testing::relative_error(split.model->parameters()[i].detach(), whole.model->parameters()[i].detach()),
        1e-3);
  }
}

TEST_F(TrainerTest, AStepThatIsNotFiniteIsSkippedAndCounted) {
  DiffusionState state(config_);
  const std::vector<Tensor> before = {state.model->parameters()[0].detach().clone(),
                                      state.ema->weights(0)[0].clone()};
  const Tensor bad = at::full({4, 1, 8, 8}, std::numeric_limits<float>::quiet_NaN());
  const StepInputs inputs{bad, at::zeros({4, 1, 8, 8}), at::full({4}, 0.5F), at::zeros({4}, at::kLong)};
  EXPECT_TRUE(state.train_step(inputs).skipped);
  EXPECT_TRUE(state.train_step(inputs).skipped);
  EXPECT_EQ(state.step, 2);
  EXPECT_EQ(state.skipped, 2);
  EXPECT_EQ(state.skipped_in_a_row, 2);
  EXPECT_EQ(state.optimizer->updates(), 0);
  EXPECT_TRUE(at::equal(state.model->parameters()[0], before[0]));
  EXPECT_TRUE(at::equal(state.ema->weights(0)[0], before[1]));
  const StepInputs good{at::zeros({4, 1, 8, 8}), at::ones({4, 1, 8, 8}), at::full({4}, 0.5F),
                        at::zeros({4}, at::kLong)};
  EXPECT_FALSE(state.train_step(good).skipped);
  EXPECT_EQ(state.skipped_in_a_row, 0);
  EXPECT_EQ(state.skipped, 2);
}

TEST_F(TrainerTest, ClippingBoundsTheGradient) {
  config_.train.grad_clip = 1e-3;
  config_.optimizer.betas = {0.0, 0.0};  // moments are the last gradient and its square
  DiffusionState state(config_);
  const auto data = open_data(config_.data, config_.model.image_shape()).train;
  DataLoader loader(data, config_.data, 1, whole_batches(4), 0, 1);
  const StepResult result =
      state.train_step(make_inputs(loader.next(), config_, state.schedule(), c10::kCPU));
  EXPECT_GT(result.grad_norm, 1e-2);
  EXPECT_NEAR(gradient_norm(state.optimizer->moments().exp_avgs).item<double>(), 1e-3, 1e-5);
}

// The first update has rate 0. By the second every weight is about 1e30, and no loss is finite any more.
TEST_F(TrainerTest, StopsAfterTenBadStepsInARowWithTheGoodWeightsAsItsLatest) {
  config_.optimizer.lr = 1e30;
  config_.train.steps = 40;
  config_.train.checkpoint_interval = 1;
  EXPECT_THROW_WITH(testing::train(config_, path()), std::runtime_error,
                    "10 steps in a row; moved its weights");
  EXPECT_EQ(latest_checkpoint(path()), checkpoint_path(path(), 1));
}

TEST_F(TrainerTest, WeightsThatAreNotFiniteAreNotSaved) {
  config_.optimizer.lr = 1e39;
  config_.train.steps = 40;
  config_.train.checkpoint_interval = 1;
  EXPECT_THROW_WITH(
      testing::train(config_, path()), std::runtime_error,
      "of model.safetensors holds values that are not finite (NaN or infinity), so nothing is saved");
  EXPECT_EQ(latest_checkpoint(path()), checkpoint_path(path(), 1));
  EXPECT_EQ(damage_of_checkpoint(latest_checkpoint(path())), "");
}

TEST_F(TrainerTest, InitFromTakesTheWeightsAndNothingElse) {
  const auto first = train();
  const fs::path weights = find_weights_file(path(), "ema");
  fs::rename(path(), directory_ / "first");
  config_.train.steps = 1;
  config_.optimizer.lr = 0;
  const auto second = train(directory_ / "first" / fs::relative(weights, path()));
  for (size_t i = 0; i < first.model->parameters().size(); ++i) {
    EXPECT_TRUE(at::equal(second.model->parameters()[i], first.ema->weights(0)[i]));
    EXPECT_TRUE(at::equal(second.ema->weights(0)[i], first.ema->weights(0)[i]));
  }
  EXPECT_EQ(second.optimizer->updates(), 1);
}

TEST_F(TrainerTest, DataThatDoesNotSuitTheModelIsAnErrorBeforeTraining) {
  const auto data = open_data(config_.data, config_.model.image_shape()).train;
  config_.model.num_classes = 4;
  EXPECT_THROW_WITH(check_dataset(*data, config_, config_.model.image_shape()), UsageError,
                    "labels go up to 3 but model.num_classes 4 leaves classes 0 to 2");
  config_.model.num_classes = -1;
  EXPECT_NO_THROW(check_dataset(*data, config_, config_.model.image_shape()));
  config_.model.img_size = {16};
  EXPECT_THROW_WITH(check_dataset(*data, config_, config_.model.image_shape()), UsageError,
                    "images are 1x8x8 but model.in_chans x model.img_size is 1x16x16");
}

// Time, noise and label dropout depend on (seed, step, position) alone.
TEST_F(TrainerTest, InputsAreCounterBased) {
  const auto batch = [&](int64_t step, int64_t size) {
    return Batch{{step, 0, size, size}, at::zeros({size, 1, 8, 8}), at::zeros({size}, at::kLong)};
  };
  const StepInputs four =
      make_inputs(batch(3, 4), config_, VpLinearSchedule(), c10::kCPU);  // positions 12 .. 15
  const StepInputs two =
      make_inputs(batch(7, 2), config_, VpLinearSchedule(), c10::kCPU);  // positions 14, 15
  EXPECT_TRUE(at::equal(four.noise.narrow(0, 2, 2), two.noise));
  EXPECT_TRUE(at::equal(four.t.narrow(0, 2, 2), two.t));
  EXPECT_TRUE(at::equal(four.condition.labels.narrow(0, 2, 2), two.condition.labels));

  const StepInputs many = make_inputs(batch(0, 20000), config_, VpLinearSchedule(), c10::kCPU);
  EXPECT_NEAR((many.condition.labels == 4).to(at::kDouble).mean().item<double>(), 0.1, 0.01);
  EXPECT_NEAR(many.t.mean().item<double>(), 0.5, 0.01);
  EXPECT_GE(many.t.min().item<double>(), 0.0);
  EXPECT_LT(many.t.max().item<double>(), 1.0);
  EXPECT_NEAR(many.noise.std().item<double>(), 1.0, 0.01);
}

}  // namespace
}  // namespace uvic
