#include "encoders/text_encoder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "io/save_pth.h"
#include "support/golden_clip.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using namespace testing;

const std::string kClip = fixture("clip").string();

// Of bfloat16 weights: the golden ones are so large that small differences grow.
constexpr double kRounded = 5e-2;

/// A temporary folder for files of the golden encoder in other layouts.
class TextEncoders : public ::testing::Test {
 protected:
  std::shared_ptr<const TextEncoder> load(const fs::path& path, const std::string& tokenizer = kClip,
                                          const TextEncoderOptions& options = {}) const {
    return load_text_encoder(path.string(), tokenizer, c10::kCPU, options);
  }
  /// `tensors` in a new file.
  fs::path write(const std::string& name, const TensorMap& tensors) const {
    fs::create_directories((directory_ / name).parent_path());
    name.ends_with(".safetensors") ? save_safetensors(directory_ / name, tensors)
                                   : save_pth(directory_ / name, tensors);
    return directory_ / name;
  }
  void copy(const char* file, const fs::path& to) const {
    fs::create_directories((directory_ / to.string()).parent_path());
    fs::copy_file(fixture("clip") / file, directory_ / to.string());
  }
  void expect_golden(const TextEncoder& encoder) const {
    EXPECT_EQ(encoder.dim(), 32);
    EXPECT_EQ(encoder.length(), 77);
    EXPECT_LT(relative_error(encoder.states(golden_.ids), golden_.states), 1e-6);
    EXPECT_EQ(encoder.weights_sha256(), load(kClip)->weights_sha256());
  }
  TemporaryDirectory directory_;
  const GoldenClip golden_ = golden_clip();
};

TEST_F(TextEncoders, AFolderAsTransformersSavesIt) {
  const auto encoder = load_text_encoder(kClip, "", c10::kCPU);
  expect_golden(*encoder);
  EXPECT_EQ(encoder->describe(), "CLIP, 3 blocks of width 32, quick_gelu; clip, 77 tokens a caption");
  const auto tokens = nlohmann::json::parse(read_bytes(fixture("clip/tokens.json")));
  const auto caption = tokens["captions"][0].get<std::string>();
  const auto row = encoder->tokenizer()->row(caption);
  EXPECT_TRUE(at::equal(at::tensor(row).to(at::kLong), golden_.ids[0]));
}

// Everything that is found beside the text half is left where it is.
TEST_F(TextEncoders, EveryLayoutGivesTheSameNumbersAndTheSameDigest) {
  const auto with_others = [](TensorMap weights) {
    weights["logit_scale"] = at::ones({});
    weights["text_projection.weight"] = at::ones({16, 32});
    weights["vision_model.embeddings.position_embedding.weight"] = at::ones({5, 24});
    weights["model.diffusion_model.out.2.weight"] = at::ones({4, 320, 3, 3});
    return weights;
  };
  TensorMap whole = with_names_behind(golden_.weights, "text_model.");
  whole["text_model.embeddings.position_ids"] = at::arange(77).unsqueeze(0);
  const TensorMap open_clip = open_clip_weights(golden_.weights, 3);
  expect_golden(*load(write("whole.safetensors", with_others(whole))));
  expect_golden(*load(write("open_clip.safetensors", open_clip)));
  expect_golden(*load(write("open_clip.pt", with_names_behind(open_clip, "text."))));
  for (const char* prefix : {"cond_stage_model.transformer.", "state_dict.cond_stage_model.transformer.",
                             "conditioner.embedders.0.transformer."}) {
    for (const char* ending : {".ckpt", ".safetensors"})
      expect_golden(*load(write(std::string("sd") + ending, with_others(with_names_behind(whole, prefix)))));
  }
  TensorMap half;
  for (const auto& [name, tensor] : golden_.weights) half[name] = tensor.to(at::kBFloat16);
  const auto lower = load(write("half.safetensors", half));
  EXPECT_LT(relative_error(lower->states(golden_.ids), golden_.states), kRounded);
  EXPECT_NE(lower->weights_sha256(), load(kClip)->weights_sha256());
}

TEST_F(TextEncoders, APipelinesFoldersAreFound) {
  for (const char* file : {"config.json", "model.safetensors"})
    copy(file, fs::path("pipeline/text_encoder") / file);
  for (const char* file : {"vocab.json", "merges.txt"}) copy(file, fs::path("pipeline/tokenizer") / file);
  const fs::path pipeline = directory_ / "pipeline";
  for (const fs::path& spec : {pipeline, pipeline / "text_encoder", pipeline / "text_encoder/",
                               pipeline / "text_encoder/model.safetensors"})
    expect_golden(*load(spec, ""));
  expect_golden(*load(pipeline, pipeline.string()));
}

// Stable Diffusion 2 takes what the block before the last gives: its own folder has one block less.
TEST_F(TextEncoders, OpenClipInsideACheckpointLeavesItsLastBlockOut) {
  const TensorMap open_clip = open_clip_weights(golden_.weights, 3);
  const auto inside =
      load(write("sd2.ckpt", with_names_behind(open_clip, "state_dict.cond_stage_model.model.")));
  TensorMap shorter;
  for (const auto& [name, tensor] : golden_.weights) {
    if (!name.starts_with("encoder.layers.2.")) shorter[name] = tensor;
  }
  auto config = nlohmann::json::parse(read_bytes(fixture("clip/config.json")));
  config["num_hidden_layers"] = 2;
  const fs::path folder = write("sd2/model.safetensors", shorter).parent_path();
  write_bytes(folder / "config.json", config.dump());
  const auto alone = load(folder);
  EXPECT_TRUE(at::equal(inside->states(golden_.ids), alone->states(golden_.ids)));
  EXPECT_EQ(inside->weights_sha256(), alone->weights_sha256());
  EXPECT_GT(relative_error(inside->states(golden_.ids), golden_.states), 1e-2);
  expect_golden(*load(directory_ / "sd2.ckpt", kClip, {.layer = EncoderLayer::kLast, .activation = ""}));
  const auto asked = load(kClip, kClip, {.layer = EncoderLayer::kPenultimate, .activation = ""});
  EXPECT_EQ(asked->weights_sha256(), alone->weights_sha256());
  // A configuration of fewer blocks than there are means the first ones, as in transformers.
  copy("model.safetensors", "skip/model.safetensors");
  write_bytes(directory_ / "skip/config.json", config.dump());
  EXPECT_EQ(load(directory_ / "skip")->weights_sha256(), alone->weights_sha256());
}

TEST_F(TextEncoders, WhatTheShapesDoNotTellIsAskedFor) {
  for (const char* file : {"vocab.json", "merges.txt"}) copy(file, fs::path("tokenizer") / file);
  const std::string tokenizer = (directory_ / "tokenizer").string();
  const fs::path path = write("alone.safetensors", golden_.weights);
  EXPECT_THROW_WITH(
      load(path, tokenizer), UsageError,
      "nothing says how many heads its attention has (32); put its config.json beside it, or say "
      "it by --heads");
  EXPECT_THROW_WITH(load(path, tokenizer, {.heads = 5, .activation = ""}), UsageError,
                    "5 heads do not go into its width (32)");
  expect_golden(*load(path, tokenizer, {.heads = 4, .activation = "quick_gelu"}));
  const auto gelu = load(path, tokenizer, {.heads = 4, .activation = "gelu"});
  EXPECT_NE(gelu->weights_sha256(), load(kClip)->weights_sha256());
  expect_golden(*load(path));  // by the config.json beside the tokenizer, which fits
  write_bytes(directory_ / "open_clip_config.json",
              R"({"model_cfg": {"quick_gelu": true, "text_cfg": {"width": 32, "heads": 4, "layers": 3}}})");
  expect_golden(*load(write("named.safetensors", open_clip_weights(golden_.weights, 3)), tokenizer));
}

TEST_F(TextEncoders, WhatIsWrongIsSaidInALine) {
  const fs::path plain = write("plain/model.safetensors", golden_.weights);
  const TextEncoderOptions four = {.heads = 4, .activation = "quick_gelu"};
  EXPECT_THROW_WITH(load("nowhere"), UsageError, "text encoder 'nowhere': neither a file nor a folder");
  EXPECT_THROW_WITH(load(directory_.path()), UsageError, "no text encoder here or in text_encoder/");
  EXPECT_THROW_WITH(load(plain, ""), UsageError, "no tokenizer lies beside it");
  EXPECT_THROW_WITH(load(plain, "bytes", four), UsageError, "bytes: is not CLIP's tokenizer");
  EXPECT_THROW_WITH(load(write("vae.safetensors", {{"decoder.conv_in.weight", at::ones({4})}})), UsageError,
                    "no CLIP text encoder in it, only 1 tensor (decoder.conv_in.weight ...)");
  TensorMap weights = golden_.weights;
  weights["embeddings.token_embedding.weight"] =
      weights["embeddings.token_embedding.weight"].slice(0, 0, 3000);
  EXPECT_THROW_WITH(load(write("small.safetensors", weights), kClip, four), UsageError,
                    "has 3514 tokens, the text encoder of");
  weights = golden_.weights;
  weights.erase("encoder.layers.0.layer_norm1.weight");
  EXPECT_THROW_WITH(load(write("gap.safetensors", weights)), UsageError,
                    "missing encoder.layers.0.layer_norm1.weight [32]");
  const auto with_config = [&](const std::string& key, const nlohmann::json& value) {
    auto config = nlohmann::json::parse(read_bytes(fixture("clip/config.json")));
    config[key] = value;
    write_bytes(directory_ / "plain/config.json", config.dump());
  };
  with_config("hidden_size", 64);
  EXPECT_THROW_WITH(load(plain), UsageError, "plain/config.json: says 64 for the width, but");
  with_config("num_hidden_layers", 4);
  EXPECT_THROW_WITH(load(plain), UsageError, "says 4 for the number of blocks, but");
  with_config("hidden_act", "relu");
  EXPECT_THROW_WITH(load(plain), UsageError, "plain/config.json: hidden_act: unknown value 'relu'");
  with_config("num_attention_heads", "four");
  EXPECT_THROW_WITH(load(plain), UsageError, "num_attention_heads must be a size, is the text \"four\"");
}

TEST_F(TextEncoders, LowerPrecisionStaysClose) {
  const auto encoder = load(kClip, "", {.precision = Precision::kBf16, .activation = ""});
  const at::Tensor states = encoder->states(golden_.ids);
  EXPECT_EQ(states.scalar_type(), at::kFloat);
  EXPECT_LT(relative_error(states, golden_.states), 2 * kRounded);
  EXPECT_GT(relative_error(states, golden_.states), 1e-5);
}

}  // namespace
}  // namespace uvic
