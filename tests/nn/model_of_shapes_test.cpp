// The options of a U-ViT read off its parameters' shapes.
#include "nn/model_of_shapes.h"

#include <gtest/gtest.h>

#include "nn/parameter_shapes.h"

namespace uvic {
namespace {

ModelOptions small() {
  ModelOptions options;
  options.img_size = {8};
  options.embed_dim = 16;
  options.depth = 2;
  options.num_heads = 2;
  return options;
}

/// Of one that differs in all that shapes tell.
ModelOptions other() {
  ModelOptions options;
  options.img_size = {24};
  options.patch_size = 4;
  options.in_chans = 3;
  options.embed_dim = 48;
  options.depth = 6;
  options.mlp_ratio = 3;
  options.qkv_bias = options.mlp_time_embed = options.qk_norm = options.attention_gate = true;
  options.num_classes = -1;
  options.conv = options.skip = false;
  return options;
}

TEST(ModelOfShapes, AllButHeadsAndAttentionIsTold) {
  for (const ModelOptions& options : {small(), other()}) {
    const ModelOfShapes read = model_of_shapes(parameter_shapes(options), ModelOptions());
    EXPECT_EQ(contradictions(options, read), "");
    EXPECT_EQ(read.model.height(), options.height());
    EXPECT_EQ(parameter_shapes(read.model), parameter_shapes(options));
    EXPECT_EQ(read.told.size(), 15U);
    EXPECT_FALSE(read.told.contains("num_heads"));
  }
}

TEST(ModelOfShapes, TheSizeOfImagesThatAreNoSquareIsTheBases) {
  ModelOptions options = small();
  options.img_size = {8, 12};
  const auto shapes = parameter_shapes(options);
  EXPECT_EQ(model_of_shapes(shapes, options).model.img_size, options.img_size);
  EXPECT_FALSE(model_of_shapes(shapes, ModelOptions()).told.contains("img_size"));
}

TEST(ModelOfShapes, ContextTokensAreCountedWhereTheRestIsASquare) {
  ModelOptions options = small();
  options.clip_dim = 24;
  options.num_clip_token = 77;
  const ModelOfShapes clip = model_of_shapes(parameter_shapes(options), ModelOptions());
  EXPECT_EQ(clip.model.num_clip_token, 77);
  EXPECT_EQ(clip.model.clip_dim, 24);
  EXPECT_EQ(clip.model.height(), 8);
  options.num_clip_token = 7;
  EXPECT_EQ(model_of_shapes(parameter_shapes(options), options).model.num_clip_token, 7);
  EXPECT_FALSE(model_of_shapes(parameter_shapes(options), ModelOptions()).told.contains("img_size"));
}

TEST(ModelOfShapes, WhatContradictsIsNamedWithBothValuesAndTheTensor) {
  const ModelOfShapes weights = model_of_shapes(parameter_shapes(other()), small());
  const std::string text = contradictions(small(), weights);
  for (const char* part :
       {"model.patch_size is 2, but the weights have 4 (patch_embed.proj.weight [48, 3, 4, 4])",
        "model.num_classes is 11, but the weights have -1 (no label_emb)",
        "model.depth is 2, but the weights have 6 (3 in_blocks)",
        "model.mlp_ratio is 4, but the weights have 3 (mid_block.mlp.fc1.weight [144, 48])",
        "model.qkv_bias is false, but the weights have true (mid_block.attn.qkv.bias [144])",
        "model.conv is true, but the weights have false (no final_layer.weight)"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  EXPECT_EQ(text.find("img_size"), std::string::npos);
  EXPECT_EQ(contradictions(small(), model_of_shapes({}, small())).find("embed_dim"), std::string::npos);
}

}  // namespace
}  // namespace uvic
