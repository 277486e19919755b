// What training takes of weights that were made for something else.
#include "recipe/start_weights.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "nn/parameter_shapes.h"
#include "nn/pos_embed.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

/// 5 rows of label_emb, the last one null, at 8 x 8: 2 + 16 tokens.
Recipe trained() {
  Recipe recipe;
  recipe.model.img_size = {8};
  recipe.model.embed_dim = 16;
  recipe.model.depth = 2;
  recipe.model.num_heads = 2;
  recipe.model.num_classes = 5;
  recipe.resolve();
  return recipe;
}

TensorMap random_weights(const ModelOptions& model) {
  TensorMap tensors;
  for (const auto& [name, shape] : parameter_shapes(model)) tensors[name] = at::randn(shape);
  return tensors;
}

struct Tuned {
  Recipe recipe;
  TensorFile old = {random_weights(trained().model), {}};
  TensorMap fresh;
  StartWeights start;

  explicit Tuned(const std::function<void(Recipe&)>& change, bool bare = false) : recipe(trained()) {
    if (!bare) old.metadata["uvic.config"] = RecipeFile{.recipe = trained()}.to_yaml();
    recipe.model.null_label = NullLabel::kAuto;
    change(recipe);
    recipe.resolve();
    fresh = random_weights(recipe.model);
    start = start_weights(old, recipe, fresh, "w");
  }
  /// Whether all but these are the old ones.
  void expect_kept_but(const std::set<std::string>& names) const {
    for (const auto& [name, tensor] : start.tensors) {
      EXPECT_TRUE(names.contains(name) || at::equal(tensor, old.tensors.at(name))) << name;
    }
    EXPECT_EQ(start.tensors.size(), fresh.size());
  }
  Tensor positions(int64_t first, int64_t count) const {
    return start.tensors.at("pos_embed").slice(1, first, first + count);
  }
  Tensor old_positions(int64_t first, int64_t count) const {
    return old.tensors.at("pos_embed").slice(1, first, first + count);
  }
};

TEST(StartWeights, TheSameModelTakesEverything) {
  const Tuned same([](Recipe&) {});
  same.expect_kept_but({});
  EXPECT_EQ(same.start.note, "");
  EXPECT_EQ(same.start.warning, "");
}

TEST(StartWeights, OtherClassesBeginAnewAndTheNullLabelIsKept) {
  for (const bool bare : {false, true}) {
    for (const int64_t rows : {3, 9}) {
      const Tuned other([&](Recipe& recipe) { recipe.model.num_classes = rows; }, bare);
      other.expect_kept_but({"label_emb.weight"});
      const Tensor labels = other.start.tensors.at("label_emb.weight");
      EXPECT_TRUE(at::equal(labels[rows - 1], other.old.tensors.at("label_emb.weight")[4]));
      EXPECT_TRUE(
          at::equal(labels.slice(0, 0, rows - 1), other.fresh.at("label_emb.weight").slice(0, 0, rows - 1)));
      EXPECT_EQ(other.start.note,
                c10::str("w: newly initialised: the ", rows - 1,
                         " classes of label_emb (the weights have 4; the null label's row is kept)"));
    }
  }
}

TEST(StartWeights, AModelWithoutClassesLeavesTheLabelsOut) {
  const Tuned none([](Recipe& recipe) { recipe.model.num_classes = -1; });
  none.expect_kept_but({"pos_embed"});
  EXPECT_TRUE(at::equal(none.start.tensors.at("pos_embed"), none.old_positions(1, 17)));
  EXPECT_EQ(none.start.note, "w: left out: label_emb.weight, the label's place in pos_embed");
}

TEST(StartWeights, AModelWithClassesFromOneWithout) {
  Recipe unconditional = trained();
  unconditional.model.num_classes = -1;
  const TensorFile old{random_weights(unconditional.model), {}};
  const TensorMap fresh = random_weights(trained().model);
  const StartWeights start = start_weights(old, trained(), fresh, "w");
  EXPECT_TRUE(at::equal(start.tensors.at("label_emb.weight"), fresh.at("label_emb.weight")));
  const Tensor& positions = start.tensors.at("pos_embed");
  EXPECT_TRUE(at::equal(positions.slice(1, 0, 1), fresh.at("pos_embed").slice(1, 0, 1)));
  EXPECT_TRUE(at::equal(positions.slice(1, 1), old.tensors.at("pos_embed")));
  EXPECT_EQ(start.note, "w: newly initialised: label_emb.weight, the label's place in pos_embed");
}

TEST(StartWeights, AnotherSizeAndOtherClassesAtOnce) {
  const Tuned both([](Recipe& recipe) {
    recipe.model.img_size = {8, 12};
    recipe.model.num_classes = -1;
  });
  both.expect_kept_but({"pos_embed"});
  const Tensor resized = resize_pos_embed(both.old_positions(2, 16), 0, {4, 4}, {4, 6});
  EXPECT_TRUE(at::equal(both.positions(0, 1), both.old_positions(1, 1)));
  EXPECT_TRUE(at::equal(both.positions(1, 24), resized));
  EXPECT_NE(both.start.note.find("interpolated from 4 x 4 patches to 4 x 6, for images of 8 x 12"),
            std::string::npos);
}

TEST(StartWeights, ChannelsAndPatchesBeginAnew) {
  const Tuned channels([](Recipe& recipe) { recipe.model.in_chans = 3; });
  channels.expect_kept_but({"patch_embed.proj.weight", "decoder_pred.weight", "decoder_pred.bias",
                            "final_layer.weight", "final_layer.bias"});
  EXPECT_TRUE(
      at::equal(channels.start.tensors.at("decoder_pred.weight"), channels.fresh.at("decoder_pred.weight")));
  const Tuned patches([](Recipe& recipe) { recipe.model.patch_size = 4; });
  patches.expect_kept_but(
      {"patch_embed.proj.weight", "decoder_pred.weight", "decoder_pred.bias", "pos_embed"});
  EXPECT_TRUE(
      at::equal(patches.positions(2, 4), resize_pos_embed(patches.old_positions(2, 16), 0, {4, 4}, {2, 2})));
}

TEST(StartWeights, ContextTokensThatAreNewBeginAnew) {
  const Tuned context([](Recipe& recipe) {
    recipe.model.num_clip_token = 3;
    recipe.model.clip_dim = 6;
  });
  context.expect_kept_but({"pos_embed", "context_embed.weight", "context_embed.bias"});
  EXPECT_TRUE(at::equal(context.positions(0, 2), context.old_positions(0, 2)));
  EXPECT_TRUE(at::equal(context.positions(2, 3), context.fresh.at("pos_embed").slice(1, 2, 5)));
  EXPECT_TRUE(at::equal(context.positions(5, 16), context.old_positions(2, 16)));
}

TEST(StartWeights, WhatIsOtherwiseDifferentIsRefusedByItsKey) {
  const auto refuse = [](const std::function<void(ModelOptions&)>& change, const std::string& text) {
    EXPECT_THROW_WITH(Tuned([&](Recipe& recipe) { change(recipe.model); }), UsageError, text);
  };
  refuse([](ModelOptions& m) { m.embed_dim = 32; }, "w: model.embed_dim is 32, but the weights have 16");
  refuse([](ModelOptions& m) { m.depth = 4; }, "model.depth is 4, but the weights have 2");
  refuse([](ModelOptions& m) { m.skip = false; }, "model.skip is false, but the weights have true");
}

TEST(StartWeights, AnotherUseIsAWarning) {
  const Tuned other([](Recipe& recipe) {
    recipe.model.num_heads = 4;
    recipe.diffusion.prediction = PredictionKind::kX0;
  });
  EXPECT_EQ(other.start.warning,
            "w: these weights were trained with model.num_heads=2 (here 4), diffusion.prediction=noise "
            "(here x0)");
}

}  // namespace
}  // namespace uvic
