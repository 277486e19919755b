// Six steps of the published training recipe: losses within 1e-5, final and EMA weights within 1e-4 (relative
// a tensor).
#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "core/reproducible.h"
#include "support/diffusion_run.h"
#include "support/golden_model.h"

namespace uvic {
namespace {

void six_steps(c10::Device device) {
  const auto golden = load_safetensors(testing::fixture("training_uvic_uncond.safetensors"));
  const auto start = load_safetensors(testing::fixture("weights_uvic_uncond.safetensors"));
  const auto recipe = nlohmann::json::parse(golden.metadata.at("recipe"));
  DiffusionConfig config;
  config.model = testing::golden_options(start.metadata.at("config"));
  config.optimizer.lr = recipe.at("lr");
  config.optimizer.weight_decay = recipe.at("weight_decay");
  config.optimizer.betas = recipe.at("betas").get<std::vector<double>>();
  config.optimizer.warmup_steps = recipe.at("warmup_steps");
  config.train.ema = {recipe.at("ema_rate").get<double>()};
  config.train.batch_size = 4;

  testing::DiffusionState state(config, device);
  load_weights(*state.model, start.tensors, "golden");
  state.restart_ema();
  for (int64_t step = 0; step < 6; ++step) {
    const auto get = [&](const char* part) {
      return golden.tensors.at("step" + std::to_string(step) + "." + part);
    };
    const StepResult result =
        state.train_step(StepInputs{get("x0").to(device), get("noise").to(device), get("t"), {}});
    EXPECT_NEAR(result.loss, golden.tensors.at("losses")[step].item<double>(), 1e-5) << step;
    EXPECT_NEAR(result.lr, golden.tensors.at("lr_used")[step].item<double>(), 1e-9) << step;
    EXPECT_FALSE(result.skipped);
  }
  const auto names = state.model->named_parameters().keys();
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_LT(testing::relative_error(state.model->parameters()[i].detach().cpu(),
                                      golden.tensors.at("final." + names[i])),
              1e-4)
        << names[i];
    EXPECT_LT(testing::relative_error(state.ema->weights(0)[i].cpu(), golden.tensors.at("ema." + names[i])),
              1e-4)
        << names[i];
  }
}

TEST(TrainingGolden, SixStepsOfThePublishedRecipe) {
  six_steps(c10::kCPU);
}

TEST(TrainingGolden, SixStepsOfThePublishedRecipeOnCuda) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA in this build of LibTorch, or no GPU";
  make_gpus_reproducible();
  six_steps(c10::kCUDA);
}

}  // namespace
}  // namespace uvic
