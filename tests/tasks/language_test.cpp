// A language model as the engine's task: what a step is made of, the loss, resume to the bit, recipes.
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/log.h"
#include "io/npy.h"
#include "nn/cogformer_shapes.h"
#include "support/golden_language.h"
#include "support/support.h"
#include "tasks/language/loss.h"
#include "tasks/language/task.h"
#include "train/trainer.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using testing::TemporaryDirectory;

// Tokens 3 .. 63, each the one before plus 7, but for a document's beginning each 50.
Tensor counting(int64_t n) {
  const Tensor all = at::arange(n, at::kLong) * 7 % 61 + 3;
  return at::where(at::arange(n, at::kLong) % 50 == 0, at::scalar_tensor(1, at::kLong), all);
}

class LanguageRun : public ::testing::Test {
 protected:
  LanguageRun() {
    set_quiet(true);
    save_npy(directory_ / "train.npy", counting(2000));
    save_npy(directory_ / "val.npy", counting(200));
    config_.model = {
        .vocab_size = 64, .dim = 32, .n_layers = 3, .n_heads = 2, .hidden_dim = 48, .max_seq_length = 24};
    config_.data.path = (directory_ / "train.npy").string();
    config_.data.val_path = (directory_ / "val.npy").string();
    config_.optimizer.lr = 1e-2;
    config_.optimizer.warmup_steps = 2;
    config_.train.steps = 12;
    config_.train.batch_size = 4;
    config_.train.ema = {0.9};
    config_.train.log_interval = 2;
    config_.train.val_interval = 4;
    config_.train.checkpoint_interval = 4;
    config_.train.sample_interval = 0;
  }

  TrainOutcome train(const LanguageConfig& config, const std::string& name,
                     const fs::path& init_from = {}) const {
    LanguageTask task(config, c10::kCPU);
    task.open({});
    if (!init_from.empty()) task.plan_start(init_from, "ema");
    RunDirectory run(directory_ / name, config, false);
    return Trainer(task, run, config.train, config.optimizer, c10::kCPU, init_from).run();
  }
  std::string file(const std::string& run, int64_t step, const std::string& name) const {
    return testing::read_bytes(directory_ / run / "checkpoints" /
                               ("step-000000" + std::string(step < 10 ? "0" : "") + std::to_string(step)) /
                               name);
  }

  TemporaryDirectory directory_;
  LanguageConfig config_;
};

TEST_F(LanguageRun, ResumesToTheBit) {
  train(config_, "whole");
  LanguageConfig part = config_;
  part.train.steps = 8;
  train(part, "parts");
  train(config_, "parts");
  for (const char* name : {"model.safetensors", "ema-0.9.safetensors", "training.safetensors"})
    EXPECT_EQ(file("whole", 12, name), file("parts", 12, name)) << name;
}

TEST_F(LanguageRun, MicroBatchesAreTheSameStep) {
  train(config_, "whole");
  config_.train.grad_accum = 4;
  train(config_, "micro");
  const auto of = [&](const char* run) {
    return load_safetensors(directory_ / run / "checkpoints/step-00000012/model.safetensors").tensors;
  };
  const auto whole = of("whole"), micro = of("micro");
  for (const auto& [name, tensor] : whole)
    EXPECT_LT(testing::relative_error(micro.at(name), tensor), 2e-4) << name;
}

TEST_F(LanguageRun, LearnsWhatFollows) {
  config_.train.steps = 150;
  config_.train.checkpoint_interval = 0;
  train(config_, "long");
  const std::string lines = testing::read_bytes(directory_ / "long/metrics.jsonl");
  const std::string last = lines.substr(lines.rfind('\n', lines.size() - 2) + 1);
  const double loss = std::stod(last.substr(last.find("\"val_loss\":") + 11));
  EXPECT_LT(loss, 1.0) << last;  // chance is ln 61 = 4.1
  EXPECT_NE(last.find("\"tokens\":14400"), std::string::npos) << last;
}

TEST_F(LanguageRun, WeightsSayWhatTheyAre) {
  config_.data.tokenizer = "bytes";
  EXPECT_THROW_WITH(train(config_, "run"), UsageError, "data.tokenizer bytes: has 259 tokens, the model of");
  config_.model.vocab_size = 259;
  config_.train.sample_interval = 12;
  config_.preview = {.prompts = {"", "in"}, .length = 5};
  train(config_, "run");
  const auto metadata =
      load_safetensors_metadata(directory_ / "run/checkpoints/step-00000012/model.safetensors");
  EXPECT_EQ(metadata.at("uvic.tokenizer"), "bytes");
  EXPECT_EQ(metadata.at("uvic.tokens"), std::to_string(12 * 4 * 24));
  EXPECT_NE(metadata.at("uvic.config").find("max_seq_length: 24"), std::string::npos);
  const std::string texts = testing::read_bytes(directory_ / "run/samples/step-00000012.txt");
  EXPECT_EQ(texts.find("--- seed 0\n"), 0u);
  EXPECT_NE(texts.find("--- seed 1\nin"), std::string::npos);
}

// Not after hours, when the first preview is due.
TEST_F(LanguageRun, RefusesAPromptThatDoesNotFitBeforeTraining) {
  config_.model.vocab_size = 259;
  config_.data.tokenizer = "bytes";
  config_.train.sample_interval = 12;
  config_.preview = {.prompts = {"in", "the beginning"}, .length = 20};
  LanguageTask task(config_, c10::kCPU);
  EXPECT_THROW_WITH(task.open({}), UsageError,
                    "preview.prompts: 'the beginning': its 14 tokens and 20 to generate");
}

TEST_F(LanguageRun, BeginsWithWeights) {
  train(config_, "first");
  train(config_, "second", directory_ / "first/checkpoints/step-00000012/ema-0.9.safetensors");
  config_.model.dim = 16;
  EXPECT_THROW_WITH(train(config_, "third", directory_ / "first/checkpoints/step-00000012/model.safetensors"),
                    UsageError, "the weights do not fit the model: ");
}

TEST_F(LanguageRun, RefusesOtherData) {
  train(config_, "run");
  save_npy(directory_ / "train.npy", counting(1999));
  config_.train.steps = 16;
  EXPECT_THROW_WITH(train(config_, "run"), UsageError, "trained on 2000 tokens, crc32 ");
}

TEST_F(LanguageRun, RefusesTokensThatDoNotFit) {
  config_.model.vocab_size = 40;
  EXPECT_THROW_WITH(train(config_, "run"), UsageError, "train.npy");
  config_.model.vocab_size = 64;
  config_.model.max_seq_length = 2000;
  EXPECT_THROW_WITH(train(config_, "run"), UsageError,
                    "has 2000 tokens, and model.max_seq_length 2000 needs 2001 at least; set a smaller one");
  config_.model.max_seq_length = 500;
  EXPECT_THROW_WITH(train(config_, "run"), UsageError,
                    "held-out tokens, and model.max_seq_length 500 needs 501");
  config_.data.path.clear();
  EXPECT_THROW_WITH(train(config_, "run"), UsageError, "data.path: is not set");
}

TEST_F(LanguageRun, EveryTokenIsATargetOnceAnEpoch) {
  save_npy(directory_ / "places.npy", at::arange(2000, at::kLong));
  const std::shared_ptr<const TokenFile> tokens = open_tokens(directory_ / "places.npy", TokenSplit::kTrain);
  const TokenWindows windows(tokens, 24, 7), again(tokens, 24, 7), other(tokens, 24, 8);
  ASSERT_EQ(windows.size(), 1999 / 24 - 1);
  const Tensor epoch = windows.read({0, 0, windows.size(), windows.size()});
  const Tensor targets = std::get<0>(epoch.slice(1, 1).reshape({-1}).sort());
  EXPECT_TRUE(at::equal(
      targets, at::arange(targets[0].item<int64_t>(), targets[0].item<int64_t>() + targets.size(0))));
  EXPECT_TRUE(at::equal(epoch, again.read({0, 0, windows.size(), windows.size()})));
  EXPECT_FALSE(at::equal(epoch, other.read({0, 0, windows.size(), windows.size()})));
  // In any slices.
  EXPECT_TRUE(at::equal(epoch.slice(0, 3, 8), windows.read({0, 3, 5, windows.size()})));
  // The next epoch begins elsewhere and goes another way.
  EXPECT_FALSE(at::equal(epoch, windows.read({1, 0, windows.size(), windows.size()})));
}

TEST(LanguageLoss, IsTheGoldenOne) {
  for (const std::string name : {"lm_cog", "lm_cog_d32", "lm_softmax"}) {
    const auto golden = testing::golden_language(name);
    const Tensor losses =
        next_token_losses(*golden.model, golden.tensors.at("input.tokens"), Precision::kFp32, c10::kCPU);
    EXPECT_NEAR(losses.mean().item<double>(), golden.tensors.at("output.loss").item<double>(), 2e-5) << name;
  }
}

TEST(LanguageRecipes, HaveTheirSizes) {
  for (const auto& [name, millions] : {std::pair{"cogformer_141m", 141.2}, std::pair{"cogformer_1b", 1003.6},
                                       std::pair{"kjv_lm_demo", 2.76}}) {
    LanguageConfig config;
    load_yaml_file(fields_of(config), fs::path(UVIC_SOURCE) / "configs" / (std::string(name) + ".yaml"));
    config.validate();
    EXPECT_NEAR(double(count_parameters(config.model)) / 1e6, millions, millions * 2e-3) << name;
  }
}

}  // namespace
}  // namespace uvic
