// The published recipes of configs/: their sizes, and one step of each at batch 1.
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/log.h"
#include "nn/parameter_shapes.h"
#include "nn/uvit.h"
#include "support/diffusion_run.h"
#include "support/support.h"

namespace uvic {
namespace {

struct Recipe {
  std::string name;
  double parameters;  ///< millions, by U-ViT's table 1 and its released weights
  int64_t tokens;
  int64_t step_depth = 0;  ///< blocks of the step that the test takes; 0: all. L and H want much memory
};

// U-ViT's constructor arguments give these counts in the published code.
const std::vector<Recipe> kRecipes = {
    {"cifar10_uvit_s2", 44.26, 257},      {"celeba64_uvit_s4", 44.35, 257},
    {"imagenet64_uvit_m4", 131, 258},     {"imagenet64_uvit_l4", 287, 258, 4},
    {"imagenet256_uvit_l2", 287, 258, 4}, {"imagenet256_uvit_h2", 501, 258, 4},
    {"imagenet512_uvit_l4", 287, 258, 4}, {"imagenet512_uvit_h4", 501, 258, 4},
    {"mscoco256_uvit_s2", 44.7, 334},     {"mscoco256_uvit_s2_deep", 58.3, 334}};

class Recipes : public ::testing::TestWithParam<std::tuple<Recipe, std::string>> {};

TEST_P(Recipes, TakesAStepAtBatchOne) {
  set_quiet(true);
  const auto& [recipe, attention] = GetParam();
  std::string name = recipe.name;
  if (attention == "cog") name.replace(name.find("uvit"), 4, "uvic");
  DiffusionConfig config;
  load_yaml_file(fields_of(config), std::filesystem::path(UVIC_SOURCE) / "configs" / (name + ".yaml"));
  config.validate();
  EXPECT_EQ(config.model.attention.name(), attention);
  EXPECT_EQ(config.model.num_tokens(), recipe.tokens);
  EXPECT_NEAR(double(count_parameters(config.model)) / 1e6, recipe.parameters, 0.01 * recipe.parameters);
  config.train.batch_size = config.train.grad_accum = 1;
  if (recipe.step_depth > 0) config.model.depth = recipe.step_depth;

  testing::DiffusionState state(config);
  const auto& model = config.model;
  const auto [C, H, W] = model.image_shape();
  StepInputs inputs{at::rand({1, C, H, W}) * 2 - 1, at::randn({1, C, H, W}), at::tensor({0.5F}), {}};
  if (model.conditional()) inputs.condition.labels = at::tensor({999}, at::kLong);
  if (model.has_context()) inputs.condition.context = at::randn({1, model.num_clip_token, model.clip_dim});
  const at::Tensor before = state.model->parameters()[0].detach().clone();
  state.step = 1;  // the first step's rate is 0
  const StepResult result = state.train_step(inputs);
  EXPECT_FALSE(result.skipped);
  EXPECT_NEAR(result.loss, 1, 0.7);
  EXPECT_FALSE(at::equal(state.model->parameters()[0], before));
}

INSTANTIATE_TEST_SUITE_P(
    All, Recipes, ::testing::Combine(::testing::ValuesIn(kRecipes), ::testing::Values("cog", "softmax")),
    [](const auto& info) { return std::get<0>(info.param).name + "_" + std::get<1>(info.param); });

}  // namespace
}  // namespace uvic
