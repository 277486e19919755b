// Each key of text and latents does something where it is read, and is refused where it is not.
#include <gtest/gtest.h>

#include "core/errors.h"
#include "encoders/stages.h"
#include "nn/parameter_shapes.h"
#include "nn/uvit.h"
#include "support/captioned_run.h"

namespace uvic {
namespace {

DiffusionConfig reading() {
  return testing::captioned_config("nowhere");
}

DiffusionConfig with_autoencoder() {
  DiffusionConfig config = testing::tiny_config("nowhere");
  config.model.in_chans = 4;
  config.latents.vae = testing::fixture("vae_diffusers").string();
  return config;
}

at::Tensor states_of(const ModelOptions& model) {
  at::manual_seed(1);
  UViT network(model);
  return network.encode_context(at::arange(model.num_clip_token).unsqueeze(0));
}

TEST(StageKeys, TheLearnedEncoderIsBuiltAsTheModelSays) {
  const DiffusionConfig config = reading();
  config.validate();
  ModelOptions deeper = config.model, narrower = config.model, larger = config.model;
  deeper.text_depth = 2;
  narrower.text_heads = 3;
  larger.text_vocab = 300;
  EXPECT_FALSE(at::equal(states_of(deeper), states_of(config.model)));
  EXPECT_FALSE(at::equal(states_of(narrower), states_of(config.model)));
  EXPECT_EQ(parameter_shapes(larger).at("text_encoder.token_embedding.weight"),
            (std::vector<int64_t>{300, 12}));
  narrower.text_heads = 5;
  EXPECT_THROW_WITH(narrower.validate(), UsageError, "model.text_heads: 5 must divide model.clip_dim 12");
}

TEST(StageKeys, EncoderAndTokenizerGoWithTheModel) {
  DiffusionConfig config = reading();
  EXPECT_EQ(open_stages(config, Precision::kFp32, c10::kCPU).prompts->tokenizer().vocab_size(), 259);
  config.text.tokenizer = testing::fixture("clip").string();
  EXPECT_THROW_WITH(open_stages(config, Precision::kFp32, c10::kCPU), UsageError,
                    "has 3514 tokens, but model.text_vocab is 259");
  config.model.text_vocab = 3514;
  EXPECT_EQ(open_stages(config, Precision::kFp32, c10::kCPU).prompts->tokenizer().vocab_size(), 3514);
  config.text.encoder = "none";
  EXPECT_THROW_WITH(config.validate(), UsageError,
                    "text.tokenizer: only text encoders (text.encoder) read it");
  config.text = {};
  EXPECT_THROW_WITH(config.validate(), UsageError, "text.encoder: none, but model.text_vocab is 3514");
}

TEST(StageKeys, TheAutoencoderIsTheOneNamedAndScaledAsSaid) {
  DiffusionConfig config = with_autoencoder();
  config.validate();
  EXPECT_EQ(open_stages(config, Precision::kFp32, c10::kCPU).codec->space().scaling_factor, 0.18215);
  config.latents.scaling_factor = 0.5;
  EXPECT_EQ(open_stages(config, Precision::kFp32, c10::kCPU).codec->space().scaling_factor, 0.5);
  config.model.in_chans = 3;
  EXPECT_THROW_WITH(open_stages(config, Precision::kFp32, c10::kCPU), UsageError,
                    "has latents of 4 channels, but model.in_chans is 3");
}

TEST(StageKeys, DecodingKeepsToItsMemory) {
  DiffusionConfig config = with_autoencoder();
  const at::Tensor state = at::linspace(-1, 1, 4 * 192 * 192).view({1, 4, 192, 192});
  const at::Tensor whole = open_stages(config, Precision::kFp32, c10::kCPU).codec->decode(state);
  EXPECT_EQ(whole.sizes(), at::IntArrayRef({1, 3, 768, 768}));
  config.latents.memory_mb = 24;
  const at::Tensor tiled = open_stages(config, Precision::kFp32, c10::kCPU).codec->decode(state);
  EXPECT_LT(testing::max_abs_error(tiled, whole), 1 / 127.5);  // a grey level
  EXPECT_FALSE(at::equal(tiled, whole));                       // other borders, other roundings
  config.latents.vae = "none";
  EXPECT_THROW_WITH(config.validate(), UsageError,
                    "latents.memory_mb: only autoencoders (latents.vae) read it");
}

}  // namespace
}  // namespace uvic
