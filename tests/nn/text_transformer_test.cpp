// A U-ViT that learns to read its context.
#include "nn/text_transformer.h"

#include <gtest/gtest.h>

#include "nn/model_of_shapes.h"
#include "nn/parameter_shapes.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "support/support.h"

namespace uvic {
namespace {

ModelOptions reading() {
  ModelOptions options;
  options.img_size = {8};
  options.embed_dim = 16;
  options.depth = 2;
  options.num_heads = 2;
  options.num_classes = -1;
  options.clip_dim = 12;
  options.num_clip_token = 5;
  options.text_vocab = 9;
  options.text_depth = 3;
  options.text_heads = 2;
  return options;
}

class TextTransformerTest : public ::testing::Test {
 protected:
  TextTransformerTest() {
    at::manual_seed(1);
    model_ = std::make_shared<UViT>(reading());
  }
  static at::Tensor ids() { return at::tensor({1, 2, 3, 0, 8, 1, 2, 4, 0, 8}, at::kLong).view({2, 5}); }
  at::Tensor forward(const at::Tensor& context) const {
    const at::Tensor x = at::linspace(-1, 1, 128).view({2, 1, 8, 8});
    return model_->forward(x, at::tensor({100.0F, 900.0F}), {}, context);
  }
  std::shared_ptr<UViT> model_;
};

TEST_F(TextTransformerTest, IdsAreEncodedAsTheContextThatTheyMake) {
  const at::Tensor states = model_->encode_context(ids());
  EXPECT_EQ(states.sizes(), at::IntArrayRef({2, 5, 12}));
  EXPECT_TRUE(at::equal(model_->encode_context(states), states));
  EXPECT_TRUE(at::equal(forward(ids()), forward(states)));
}

TEST_F(TextTransformerTest, EveryTokenMattersToEveryOther) {
  const at::Tensor states = model_->encode_context(ids());
  for (int64_t changed = 0; changed < 5; ++changed) {
    at::Tensor other = ids();
    other[0][changed] = 7;
    const at::Tensor moved = (model_->encode_context(other) - states).abs().amax(-1);
    EXPECT_GT(moved[0].min().item<float>(), 0) << changed;
    EXPECT_EQ(moved[1].max().item<float>(), 0) << changed;
  }
}

TEST_F(TextTransformerTest, ItIsTrainedWithTheNetwork) {
  forward(ids()).square().mean().backward();
  for (const auto& parameter : model_->named_parameters()) {
    const std::string& name = parameter.key();
    ASSERT_TRUE(parameter.value().grad().defined()) << name;
    if (!name.starts_with("text_encoder.")) continue;
    EXPECT_GT(parameter.value().grad().abs().max().item<float>(), 0) << name;
  }
}

TEST_F(TextTransformerTest, ShapesAreThoseOfTheModuleAndTellItsOptions) {
  ParameterShapes shapes;
  for (const auto& [name, weight] : named_weights(*model_)) shapes[name] = weight.sizes().vec();
  EXPECT_EQ(shapes, parameter_shapes(reading()));
  const ModelOfShapes read = model_of_shapes(shapes, ModelOptions());
  EXPECT_EQ(contradictions(reading(), read), "");
  for (const char* key : {"text_vocab", "text_depth", "num_clip_token", "clip_dim"})
    EXPECT_TRUE(read.told.contains(key));
}

TEST_F(TextTransformerTest, IdsOfAnotherShapeAreRefused) {
  EXPECT_THROW_WITH(forward(ids().narrow(1, 0, 4)), c10::Error, "context must be token ids [2, 5]");
  EXPECT_THROW_WITH(model_->encode_context(ids().to(at::kFloat)), c10::Error, "ids must be int64 [B, 5]");
}

}  // namespace
}  // namespace uvic
