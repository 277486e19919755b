// Checkpoints in process: what is saved comes back to the bit. (Killed processes: tests/apps.)
#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include "core/config.h"
#include "core/errors.h"
#include "data/loader.h"
#include "data/open.h"
#include "io/safetensors.h"
#include "nn/parameter_shapes.h"
#include "support/diffusion_run.h"
#include "support/tiny_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::DiffusionState;

class CheckpointFiles : public ::testing::Test {
 protected:
  CheckpointFiles() : config_(testing::tiny_config(testing::write_tiny_set(directory_ / "data"))) {}
  void advance(DiffusionState& state, int64_t steps) const {
    DataLoader loader(open_data(config_.data, config_.model.image_shape()).train, config_.data, 1,
                      whole_batches(config_.train.batch_size), state.step, state.step + steps);
    for (int64_t i = 0; i < steps; ++i)
      state.train_step(make_inputs(loader.next(), config_, state.schedule(), c10::kCPU));
  }
  testing::TemporaryDirectory directory_;
  DiffusionConfig config_;
};

TEST_F(CheckpointFiles, ResumeEqualsGoingOn) {
  for (const std::string kind : {"adamw", "muon"}) {
    config_.optimizer.kind = kind;
    DiffusionState going_on(config_);
    advance(going_on, 3);
    const fs::path saved = save_checkpoint(going_on, directory_ / kind);
    advance(going_on, 3);
    DiffusionState resumed(config_);
    load_checkpoint(resumed, saved);
    EXPECT_EQ(resumed.step, 3);
    EXPECT_EQ(resumed.optimizer->updates(), 3);
    advance(resumed, 3);
    const fs::path first = save_checkpoint(going_on, directory_ / (kind + "-a")),
                   second = save_checkpoint(resumed, directory_ / (kind + "-b"));
    for (const char* file : {"model.safetensors", "ema-0.9.safetensors", "training.safetensors"}) {
      EXPECT_EQ(testing::read_bytes(first / file), testing::read_bytes(second / file)) << kind << " " << file;
    }
  }
}

TEST_F(CheckpointFiles, HoldsConfigAndCounters) {
  DiffusionState state(config_);
  advance(state, 2);
  const fs::path saved = save_checkpoint(state, directory_.path());
  EXPECT_EQ(saved.filename(), "step-00000002");
  const auto metadata = load_safetensors_metadata(saved / "ema-0.9.safetensors");
  EXPECT_EQ(metadata.at("uvic.step"), "2");
  EXPECT_EQ(metadata.at("uvic.images"), "8");
  DiffusionConfig read;
  load_yaml(fields_of(read), metadata.at("uvic.config"), "metadata");
  EXPECT_TRUE(differing_keys(read, config_).empty());
  EXPECT_EQ(checkpoint_config(saved), metadata.at("uvic.config"));
}

TEST_F(CheckpointFiles, KeepsTheNewest) {
  config_.train.keep = 2;
  DiffusionState state(config_);
  for (int i = 0; i < 4; ++i) {
    advance(state, 1);
    save_checkpoint(state, directory_.path());
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory_ / "checkpoints"))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"step-00000003", "step-00000004"}));
}

TEST_F(CheckpointFiles, DamageIsNamed) {
  DiffusionState state(config_);
  advance(state, 1);
  const fs::path saved = save_checkpoint(state, directory_.path());
  const std::string whole = testing::read_bytes(saved / "training.safetensors");
  testing::write_bytes(saved / "training.safetensors", whole.substr(0, whole.size() / 2));
  EXPECT_THROW_WITH(load_checkpoint(state, saved), UsageError, "training.safetensors");
  fs::remove(saved / "ema-0.9.safetensors");
  EXPECT_THROW_WITH(load_checkpoint(state, saved), UsageError, "ema-0.9.safetensors");
}

TEST_F(CheckpointFiles, NothingThatIsNotFiniteIsSaved) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  DiffusionState good(config_);
  advance(good, 1);
  const fs::path saved = save_checkpoint(good, directory_.path());
  const auto names = good.module->named_parameters().keys();
  const auto expect_refusal = [&](const std::function<std::vector<at::Tensor>(DiffusionState&)>& of,
                                  float value, const std::string& prefix, const std::string& file) {
    DiffusionState state(config_);
    advance(state, 2);
    const at::NoGradGuard no_grad;
    of(state)[3].flatten()[0].fill_(value);
    const std::string bad = prefix + names[3] + " of " + file + ".safetensors";
    EXPECT_EQ(first_not_finite(state), bad);
    EXPECT_THROW_WITH(
        save_checkpoint(state, directory_.path()), std::runtime_error,
        "step 2: " + bad +
            " holds values that are not finite (NaN or infinity), so nothing is saved; "
            "begin a new run with a lower optimizer.lr or with train.grad_clip: another --out, and "
            "--init-from " +
            saved.string() + " for the last good weights");
    EXPECT_FALSE(fs::exists(directory_ / "checkpoints/step-00000002"));
  };
  expect_refusal([](DiffusionState& state) { return state.model->parameters(); }, nan, "", "model");
  expect_refusal([](DiffusionState& state) { return state.ema->weights(0); }, inf, "", "ema-0.9");
  expect_refusal([](DiffusionState& state) { return state.optimizer->moments().exp_avgs; }, nan, "exp_avg.",
                 "training");
  expect_refusal([](DiffusionState& state) { return state.optimizer->moments().exp_avg_sqs; }, inf,
                 "exp_avg_sq.", "training");
  EXPECT_EQ(first_not_finite(good), "");
}

TEST_F(CheckpointFiles, SizeIsAsAnnounced) {
  std::map<std::string, double> rest;  // headers and the config
  for (const std::string kind : {"adamw", "muon"}) {
    config_.optimizer.kind = kind;
    DiffusionState state(config_);
    const fs::path saved = save_checkpoint(state, directory_ / kind);
    double bytes = 0;
    for (const auto& entry : fs::directory_iterator(saved)) bytes += double(entry.file_size());
    const int64_t moments = count_moments(config_.optimizer, parameter_shapes(config_.model));
    rest[kind] = bytes - checkpoint_bytes(count_parameters(*state.model), 1, moments);
  }
  EXPECT_GE(rest["adamw"], 0);
  EXPECT_LT(rest["adamw"], 60e3);
  EXPECT_NEAR(rest["muon"], rest["adamw"], 5e3);
}

}  // namespace
}  // namespace uvic
