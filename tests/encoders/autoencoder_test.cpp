// Autoencoders in the files that people have: the golden ones, every layout, settings, and what is wrong.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "core/errors.h"
#include "encoders/autoencoder.h"
#include "io/save_pth.h"
#include "support/golden_autoencoder.h"

namespace uvic {
namespace {

using at::Tensor;
using nlohmann::json;
using testing::fixture;
using testing::relative_error;
using testing::TemporaryDirectory;
using testing::write_bytes;

/// A small one whose norms can have 32 groups, so that it needs no config.
AutoencoderOptions plain_options(int64_t latent_channels = 4) {
  AutoencoderOptions options;
  options.block_out_channels = {32, 64};
  options.layers_per_block = 1;
  options.latent_channels = latent_channels;
  return options;
}

TensorMap random_weights(const AutoencoderOptions& options) {
  at::manual_seed(7);
  TensorMap weights;
  for (const auto& [name, shape] : parameter_shapes(options)) weights[name] = at::randn(shape).mul_(0.1);
  return weights;
}

std::string replaced(const std::string& text, const char* from, const std::string& to) {
  return std::regex_replace(text, std::regex(from), to);
}

/// Diffusers' names as CompVis has them, attention as 1 x 1 convolutions.
TensorMap as_compvis(const TensorMap& weights, int64_t levels) {
  TensorMap renamed;
  for (const auto& [name, tensor] : weights) {
    std::string other = name;
    for (int64_t i = 0; i < levels; ++i)
      other = replaced(other, c10::str("decoder.up_blocks.", i, "\\.").c_str(),
                       c10::str("decoder.up.", levels - 1 - i, "."));
    for (const auto& [from, to] :
         std::vector<std::pair<const char*, const char*>>{{"down_blocks", "down"},
                                                          {"mid_block.resnets.0", "mid.block_1"},
                                                          {"mid_block.resnets.1", "mid.block_2"},
                                                          {"mid_block.attentions.0", "mid.attn_1"},
                                                          {"resnets", "block"},
                                                          {"attentions", "attn"},
                                                          {"(down|up)samplers.0", "$1sample"},
                                                          {"conv_shortcut", "nin_shortcut"},
                                                          {"conv_norm_out", "norm_out"},
                                                          {"group_norm", "norm"},
                                                          {"to_([qkv])", "$1"},
                                                          {"to_out.0", "proj_out"}})
      other = replaced(other, from, to);
    const bool matrix = name.find(".to_") != std::string::npos && tensor.dim() == 2;
    renamed[other] = matrix ? tensor.view({tensor.size(0), tensor.size(1), 1, 1}) : tensor;
  }
  return renamed;
}

/// As diffusers' first releases called the attention.
TensorMap as_first_released(const TensorMap& weights) {
  TensorMap renamed;
  for (const auto& [name, tensor] : weights) {
    std::string other = replaced(name, "to_out.0", "proj_attn");
    other = replaced(replaced(replaced(other, "to_q", "query"), "to_k", "key"), "to_v", "value");
    renamed[other] = tensor;
  }
  return renamed;
}

TensorMap behind(const std::string& prefix, const TensorMap& weights) {
  TensorMap renamed;
  for (const auto& [name, tensor] : weights) renamed[prefix + name] = tensor;
  return renamed;
}

/// The golden config beside weights of any name.
class GoldenConfig {
 public:
  GoldenConfig()
      : config(json::parse(testing::read_bytes(testing::golden_autoencoder_folder() / "config.json"))) {}
  std::string save(const TensorMap& weights, const std::string& name = "vae.safetensors") const {
    write_bytes(directory / "config.json", config.dump());
    const std::string path = directory / name;
    (path.ends_with(".safetensors") ? save_safetensors : save_pth)(path, weights, {});
    return path;
  }
  TemporaryDirectory directory;
  json config;
};

TEST(LoadAutoencoder, GoldenFolder) {
  const TensorMap golden = testing::golden_autoencoder_io();
  const LoadedAutoencoder loaded = load_autoencoder(testing::golden_autoencoder_folder());
  EXPECT_LT(relative_error(loaded.network->encode(golden.at("image")).std, golden.at("latent_std")), 1e-5);
  EXPECT_LT(relative_error(loaded.network->decode(golden.at("z")), golden.at("decoded")), 1e-5);
  EXPECT_EQ(loaded.space.encoder_sha256.size(), 64);
  EXPECT_NE(loaded.space.encoder_sha256, loaded.decoder_sha256);
  EXPECT_EQ(loaded.space.channels, 4);
  EXPECT_EQ(loaded.space.downscale, 4);
  EXPECT_EQ(loaded.space.scaling_factor, 0.18215);
  EXPECT_EQ(
      load_autoencoder(testing::golden_autoencoder_folder(), {.scaling_factor = 0.2301}).space.scaling_factor,
      0.2301);
}

TEST(LoadAutoencoder, GoldenCompVis) {
  const TensorMap golden = load_safetensors(fixture("vae_compvis_io.safetensors")).tensors;
  const LoadedAutoencoder loaded = load_autoencoder(fixture("vae_compvis.pth"));
  const LatentMoments moments = loaded.network->encode(golden.at("image"));
  EXPECT_LT(relative_error(moments.mean, golden.at("moments").slice(1, 0, 4)), 1e-5);
  EXPECT_LT(relative_error(moments.std, golden.at("moments").slice(1, 4).mul(0.5).exp()), 1e-5);
  EXPECT_LT(relative_error(loaded.network->decode(golden.at("z")), golden.at("decoded")), 1e-5);
  EXPECT_EQ(loaded.space.scaling_factor, 0.18215);
}

// One network, however it is kept: the same numbers, the same hashes.
TEST(LoadAutoencoder, EveryLayoutIsTheSameNetwork) {
  const GoldenConfig files;
  const TensorMap weights = testing::golden_autoencoder_weights(), compvis = as_compvis(weights, 3);
  EXPECT_TRUE(compvis.contains("decoder.up.2.upsample.conv.weight"));
  const LoadedAutoencoder reference = load_autoencoder(testing::golden_autoencoder_folder());
  TensorMap checkpoint = behind("first_stage_model.", compvis);
  checkpoint["model.diffusion_model.input_blocks.0.0.weight"] = at::zeros({4});
  checkpoint["first_stage_model.loss.logvar"] = at::zeros({1});
  TensorMap twice = behind("vae.", compvis);
  twice.merge(behind("other.", weights));
  const Tensor z = testing::golden_autoencoder_io().at("z"), decoded = reference.network->decode(z);
  for (const auto& [name, layout] :
       std::map<std::string, TensorMap>{{"old.safetensors", as_first_released(weights)},
                                        {"a.bin", weights},
                                        {"kl.pth", compvis},
                                        {"sd.ckpt", behind("state_dict.", checkpoint)},
                                        {"sd.safetensors", checkpoint},
                                        {"twice.safetensors", twice}}) {
    const LoadedAutoencoder loaded = load_autoencoder(files.save(layout, name));
    EXPECT_EQ(loaded.space, reference.space) << name;
    EXPECT_EQ(loaded.decoder_sha256, reference.decoder_sha256) << name;
    EXPECT_TRUE(loaded.network->decode(z).equal(decoded)) << name;
  }
}

TEST(LoadAutoencoder, FoldersPipelinesAndHalfPrecision) {
  const GoldenConfig files;
  TensorMap halves;
  for (const auto& [name, tensor] : testing::golden_autoencoder_weights())
    halves[name] = tensor.to(at::kHalf);
  files.save(halves, "any_name.safetensors");
  const LoadedAutoencoder folder = load_autoencoder(files.directory.path());
  const TensorMap golden = testing::golden_autoencoder_io();
  EXPECT_LT(relative_error(folder.network->decode(golden.at("z")), golden.at("decoded")), 5e-3);

  const TemporaryDirectory pipeline;
  std::filesystem::copy(files.directory.path(), pipeline / "vae");
  std::filesystem::rename(pipeline / "vae/any_name.safetensors",
                          pipeline / "vae/diffusion_pytorch_model.fp16.safetensors");
  EXPECT_EQ(load_autoencoder(pipeline.path()).space, folder.space);
}

TEST(LoadAutoencoder, ObeysItsConfig) {
  GoldenConfig files;
  AutoencoderOptions options = testing::golden_autoencoder_options();
  options.latent_channels = 2;
  options.use_quant_conv = options.use_post_quant_conv = options.mid_block_add_attention = false;
  options.encoder_attention = {2};
  options.decoder_attention = {1, 2};
  files.config.update(
      {{"latent_channels", 2},
       {"use_quant_conv", false},
       {"use_post_quant_conv", false},
       {"mid_block_add_attention", false},
       {"scaling_factor", 1.5305},
       {"shift_factor", 0.0609},
       {"latents_mean", {0.5, -1}},
       {"latents_std", {2, 4}},
       {"force_upcast", false},
       {"down_block_types", {"DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"}},
       {"up_block_types", {"AttnUpDecoderBlock2D", "AttnUpDecoderBlock2D", "UpDecoderBlock2D"}}});
  const std::string file = files.save(random_weights(options));
  const LoadedAutoencoder loaded = load_autoencoder(file, {.precision = Precision::kBf16});
  EXPECT_EQ(loaded.network->options(), options);
  EXPECT_EQ(loaded.network->precision(), Precision::kBf16);
  EXPECT_EQ(loaded.space.shift_factor, 0.0609);
  EXPECT_EQ(loaded.space.mean, (std::vector<double>{0.5, -1}));
  EXPECT_EQ(loaded.space.std, (std::vector<double>{2, 4}));
  EXPECT_EQ(loaded.network->decode(at::randn({1, 2, 4, 6})).sizes(), (std::vector<int64_t>{1, 3, 16, 24}));
  files.config["force_upcast"] = true;
  EXPECT_EQ(load_autoencoder(files.save(random_weights(options)), {.precision = Precision::kBf16})
                .network->precision(),
            Precision::kFp32);
}

// Where there is no config: by what lies beside the autoencoder.
TEST(LoadAutoencoder, ScalesOfItsKind) {
  const TemporaryDirectory directory;
  const auto space_of = [&](int64_t channels, const std::string& beside) {
    TensorMap weights = behind("first_stage_model.", as_compvis(random_weights(plain_options(channels)), 2));
    weights[beside] = at::zeros({1});
    save_safetensors(directory / "sd.safetensors", weights);
    return load_autoencoder(directory / "sd.safetensors", {.precision = Precision::kBf16});
  };
  EXPECT_EQ(space_of(4, "cond_stage_model.x").space.scaling_factor, 0.18215);
  const LoadedAutoencoder xl = space_of(4, "conditioner.embedders.0.x");
  EXPECT_EQ(xl.space.scaling_factor, 0.13025);
  EXPECT_EQ(xl.network->precision(), Precision::kFp32);
  EXPECT_EQ(space_of(16, "model.diffusion_model.joint_blocks.0.x").space.shift_factor, 0.0609);
  EXPECT_EQ(space_of(16, "model.diffusion_model.double_blocks.0.x").space.scaling_factor, 0.3611);
  EXPECT_THROW_WITH(space_of(16, "x"), UsageError, "nothing says how its latents of 16 channels are scaled");
}

void expect_refused(const std::string& spec, const std::string& message) {
  EXPECT_THROW_WITH(load_autoencoder(spec), UsageError, message);
}

TEST(LoadAutoencoder, SaysWhatIsWrongWithWeights) {
  GoldenConfig files;
  const TensorMap weights = testing::golden_autoencoder_weights();
  const auto with = [&](const std::string& name, const Tensor& tensor) {
    TensorMap changed = weights;
    changed[name] = tensor;
    return files.save(changed);
  };
  TensorMap less = weights;
  less.erase("decoder.conv_out.bias");
  expect_refused(files.save(less), "missing decoder.conv_out.bias [3]");
  expect_refused(with("quant_conv.weight", at::zeros({8, 8, 3, 3})),
                 "quant_conv.weight is [8, 8, 3, 3] where the model has [8, 8, 1, 1]");
  expect_refused(with("encoder.conv_in.bias", at::full({8}, NAN)), "encoder.conv_in.bias holds a NaN");
  expect_refused(with("encoder.conv_in.bias", at::ones({8}, at::kInt)), "\"encoder.conv_in.bias\" is int32");
  expect_refused(with("encoder.surplus.bias", at::ones({8})), "surplus encoder.surplus.bias [8]");
  expect_refused(with("quantize.embedding.weight", at::ones({8})), "is a codebook");
  expect_refused(with("decoder.mid_block.attentions.0.query.weight", at::ones({16, 16})),
                 "decoder.mid_block.attentions.0.to_q.weight appears twice");
  expect_refused(files.save({{"encoder.conv_in.weight", at::ones({1})}}), "there is no autoencoder in it");
  TensorMap two = behind("a.", weights);
  two.merge(behind("b.", weights));
  expect_refused(files.save(two), "holds 2 autoencoders, under \"a.\", \"b.\"");
  const std::string whole = testing::read_bytes(files.save(weights));
  write_bytes(files.directory / "vae.safetensors", whole.substr(0, whole.size() / 2));
  expect_refused(files.directory / "vae.safetensors", "vae.safetensors");
}

TEST(LoadAutoencoder, SaysWhatIsWrongWithItsPlace) {
  GoldenConfig files;
  const TemporaryDirectory empty;
  expect_refused(empty / "absent",
                 "--vae " + (empty / "absent").string() + ": there is no such file or folder");
  expect_refused(empty.path(), "no weights are in this folder");
  // Norms of 32 groups do not go into 8 channels.
  save_safetensors(empty / "a.safetensors", testing::golden_autoencoder_weights());
  expect_refused(empty / "a.safetensors", "put its config.json, which says norm_num_groups, beside it");
  save_safetensors(empty / "b.safetensors", testing::golden_autoencoder_weights());
  expect_refused(empty.path(), "name one of a.safetensors, b.safetensors");
}

TEST(LoadAutoencoder, SaysWhatIsWrongWithItsConfig) {
  const TensorMap weights = testing::golden_autoencoder_weights();
  const auto expect_refused_with = [&](const json& change, const std::string& message) {
    GoldenConfig files;
    files.config.update(change);
    files.save(weights);
    expect_refused(files.directory.path(), message);
  };
  expect_refused_with({{"_class_name", "VQModel"}}, "is of VQModel where an AutoencoderKL is needed");
  expect_refused_with({{"act_fn", "gelu"}}, "act_fn: 'gelu' is not run; silu is");
  expect_refused_with({{"layers_per_block", "2"}},
                      "layers_per_block is the text \"2\" where a whole number is needed");
  expect_refused_with({{"norm_num_groups", 3}}, "norm_num_groups: 3 must divide the 8 of block_out_channels");
  expect_refused_with({{"block_out_channels", {8, 16}}},
                      "down_block_types lists 3 blocks, block_out_channels 2");
  expect_refused_with({{"latents_mean", {1, 2}}},
                      "latents_mean has 2 values, one of 4 channels each are needed");
  expect_refused_with({{"scaling_factor", 0}}, "scaling_factor: 0 must be above 0");
  expect_refused_with({{"latent_channels", 5}}, "the weights do not fit the model");
}

}  // namespace
}  // namespace uvic
