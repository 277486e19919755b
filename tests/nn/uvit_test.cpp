// Properties of the network that no golden case covers.
#include "nn/uvit.h"
#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>

#include <functional>

#include "core/errors.h"
#include "nn/cogformer.h"
#include "nn/init.h"
#include "nn/parameter_shapes.h"
#include "nn/parameters.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::max_abs_error;

ModelOptions small() {
  ModelOptions options;
  options.img_size = {8, 12};
  options.embed_dim = 32;
  options.depth = 2;
  options.num_heads = 2;
  options.num_classes = 4;
  return options;
}

TEST(UViT, ChannelsAndImagesThatAreNotSquare) {
  for (const int64_t channels : {1, 3, 4}) {
    ModelOptions options = small();
    options.in_chans = channels;
    UViT model(options);
    const Tensor y = model.forward(at::randn({2, channels, 8, 12}), at::full({2}, 10.0), at::tensor({0, 3}));
    EXPECT_EQ(y.sizes(), at::IntArrayRef({2, channels, 8, 12}));
  }
}

TEST(UViT, UnpatchifyIsRowMajorWithPatchVectorsOfRowColumnChannel) {
  // H = 2 p, W = 3 p, p = 2, C = 3: the value encodes where it belongs.
  Tensor image = at::empty({1, 3, 4, 6}), tokens = at::empty({1, 6, 12});
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 6; ++x) {
        image[0][c][y][x] = 100 * c + 10 * y + x;
        tokens[0][(y / 2) * 3 + x / 2][((y % 2) * 2 + x % 2) * 3 + c] = 100 * c + 10 * y + x;
      }
    }
  }
  EXPECT_TRUE(at::equal(unpatchify(tokens, 3, 2, 4, 6), image));
}

TEST(UViT, EveryImageIsIndependentOfTheRestOfTheBatch) {
  UViT model(small());
  const Tensor x = at::randn({3, 1, 8, 12}), t = at::tensor({1.0F, 500.0F, 999.0F}),
               y = at::tensor({0, 1, 2});
  const Tensor together = model.forward(x, t, y);
  const Tensor alone = model.forward(x.narrow(0, 1, 1), t.narrow(0, 1, 1), y.narrow(0, 1, 1));
  EXPECT_LT(max_abs_error(together.narrow(0, 1, 1), alone), 1e-5);
}

TEST(UViT, EveryInputAndOptionMatters) {
  const auto output = [](auto change, double t = 500, int64_t label = 1) {
    ModelOptions options = small();
    change(options);
    at::manual_seed(7);
    UViT model(options);
    for (auto& parameter : model.parameters())
      parameter.detach().mul_(10);  // so that attention is far from uniform
    at::manual_seed(8);
    return model.forward(at::randn({1, 1, 8, 12}), at::full({1}, t), at::full({1}, label, at::kLong))
        .detach();
  };
  const auto same = [](ModelOptions&) {};
  const Tensor base = output(same);
  EXPECT_TRUE(at::equal(base, output(same)));
  EXPECT_FALSE(at::equal(base, output(same, 400)));
  EXPECT_FALSE(at::equal(base, output(same, 500, 2)));
  EXPECT_FALSE(at::equal(base, output([](auto& o) { o.attention = "softmax"; })));
  EXPECT_FALSE(at::equal(base, output([](auto& o) { o.softmax_layers = {"none"}; })));
  EXPECT_TRUE(at::equal(base, output([](auto& o) { o.use_checkpoint = true; })));
}

TEST(UViT, InitialisationIsUViTs) {
  at::manual_seed(1);
  ModelOptions options = small();
  options.embed_dim = 256;
  UViT model(options);
  for (const auto& item : model.named_parameters()) {
    const Tensor& p = item.value();
    const bool norm = item.key().find("norm") != std::string::npos;
    if (norm) {
      EXPECT_TRUE(at::equal(p, item.key().ends_with("weight") ? at::ones_like(p) : at::zeros_like(p)))
          << item.key();
    } else if (item.key() == "label_emb.weight") {
      EXPECT_NEAR(p.std().item<double>(), 1.0, 0.1);
    } else if (item.key().find("patch_embed") == 0 || item.key().find("final_layer") == 0) {
      EXPECT_GT(p.abs().max().item<double>(), 0) << item.key();  // PyTorch's own, uniform
    } else if (item.key().ends_with("bias")) {
      EXPECT_TRUE(at::equal(p, at::zeros_like(p))) << item.key();
    } else {
      EXPECT_NEAR(p.std().item<double>(), 0.02, 0.001) << item.key();
      EXPECT_NEAR(p.mean().item<double>(), 0.0, 0.001) << item.key();
    }
  }
}

TEST(UViT, TruncatedNormalIsBoundedAndHasTheRightTails) {
  Tensor x = at::empty({100000});
  trunc_normal_(x, 1.5);
  EXPECT_LE(x.abs().max().item<double>(), 2.0);
  EXPECT_GT(x.abs().max().item<double>(), 1.95);
  // Variance of N(0, 1.5^2) truncated at +-2: s^2 (1 - 2 b phi(b) / (2 Phi(b) - 1)), b = 4/3.
  const double b = 4.0 / 3, phi = std::exp(-b * b / 2) / std::sqrt(2 * M_PI),
               mass = std::erf(b / std::sqrt(2.0));
  EXPECT_NEAR(x.var().item<double>(), 2.25 * (1 - 2 * b * phi / mass), 0.02);
}

TEST(UViT, BadInputNamesTheArgument) {
  UViT model(small());
  const Tensor x = at::zeros({2, 1, 8, 12}), t = at::zeros({2}), y = at::zeros({2}, at::kLong);
  EXPECT_THROW_WITH(model.forward(at::zeros({2, 1, 12, 8}), t, y), c10::Error, "x must be [B, 1, 8, 12]");
  EXPECT_THROW_WITH(model.forward(x, at::zeros({3}), y), c10::Error, "timesteps must be [2]");
  EXPECT_THROW_WITH(model.forward(x, t), c10::Error, "labels are missing");
  EXPECT_THROW_WITH(model.forward(x, t, y, at::zeros({2, 3, 4})), c10::Error, "it takes no context");
}

// U-ViT's text network has no labels; with both, tokens are label, time, context, patches.
TEST(UViT, ContextTokensStandBetweenTimeAndPatches) {
  ModelOptions options = small();
  options.clip_dim = 6;
  options.num_clip_token = 5;
  EXPECT_EQ(options.extras(), 7);
  EXPECT_EQ(options.num_tokens(), 7 + 24);
  UViT model(options);
  for (auto& parameter : model.parameters()) parameter.detach().mul_(10);
  const Tensor x = at::randn({2, 1, 8, 12}), t = at::full({2}, 10.0), y = at::tensor({0, 3}),
               context = at::randn({2, 5, 6});
  const Tensor base = model.forward(x, t, y, context);
  EXPECT_EQ(base.sizes(), x.sizes());
  // Its own row for each token: the order of the context matters, and so does each position's.
  EXPECT_GT(max_abs_error(model.forward(x, t, y, context.flip(1)), base), 1e-4);
  for (int64_t row = 0; row < 7; ++row) {
    const at::NoGradGuard no_grad;
    Tensor shift = at::zeros_like(model.named_parameters()["pos_embed"]);
    shift[0][row] = 0.5;
    model.named_parameters()["pos_embed"].add_(shift);
    EXPECT_GT(max_abs_error(model.forward(x, t, y, context), base), 1e-4) << row;
    model.named_parameters()["pos_embed"].sub_(shift);
  }
  EXPECT_THROW_WITH(model.forward(x, t, y), c10::Error, "context is missing");
  EXPECT_THROW_WITH(model.forward(x, t, y, at::zeros({2, 5, 7})), c10::Error,
                    "context must be [2, 5, 6], got [2, 5, 7]");
  EXPECT_THROW_WITH(model.forward(x, t, y, at::zeros({1, 5, 6})), c10::Error, "got [1, 5, 6]");
}

TEST(Weights, ProblemsAreListedByNameAndNothingIsLoaded) {
  UViT model(small());
  auto weights = named_weights(model);
  for (auto& [name, tensor] : weights) tensor = tensor.clone();
  weights.erase("norm.bias");
  weights["extra.weight"] = at::zeros({2});
  weights["norm.weight"] = at::zeros({3});
  weights.at("pos_embed")[0][0][0] = NAN;
  const Tensor before = model.parameters()[0].clone();
  for (const char* text : {"file.st: ", "missing norm.bias [32]", "surplus extra.weight [2]",
                           "norm.weight is [3]", "pos_embed holds a NaN"}) {
    EXPECT_THROW_WITH(load_weights(model, weights, "file.st"), UsageError, text);
  }
  EXPECT_TRUE(at::equal(before, model.parameters()[0]));
}

TEST(Weights, ShapesWithoutTheNetworkAreThoseOfTheNetwork) {
  const std::vector<std::function<void(ModelOptions&)>> changes = {
      [](auto&) {},
      [](auto& o) { o.num_classes = -1; },
      [](auto& o) { o.conv = false; },
      [](auto& o) { o.skip = false; },
      [](auto& o) { o.qkv_bias = o.mlp_time_embed = true; },
      [](auto& o) { o.depth = 6, o.mlp_ratio = 3, o.patch_size = 4, o.in_chans = 3; },
      [](auto& o) { o.clip_dim = 24, o.num_clip_token = 7, o.num_classes = -1; },
      [](auto& o) { o.num_clip_token = 2, o.attention = "softmax"; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    ModelOptions options = small();
    changes[i](options);
    const UViT model(options);
    std::map<std::string, std::vector<int64_t>> shapes;
    for (const auto& [name, tensor] : named_weights(model)) shapes[name] = tensor.sizes().vec();
    EXPECT_EQ(parameter_shapes(options), shapes) << i;
    EXPECT_EQ(count_parameters(options), count_parameters(model)) << i;
  }
}

// In a block q, k and v, proj, fc1, fc2 and perhaps a skip; in the language model's q, k, v, o and the
// three of SwiGLU.
TEST(Weights, MatricesOfBlocks) {
  const auto matrices = [](const torch::nn::Module& module) {
    std::map<std::string, int64_t> counts;
    const auto names = module.named_parameters().keys();
    const auto of_each = block_matrices(module);
    for (size_t i = 0; i < names.size(); ++i) {
      if (of_each.at(i) > 0) counts[names[i]] = of_each[i];
    }
    return counts;
  };
  std::map<std::string, int64_t> expected = {{"out_blocks.0.skip_linear.weight", 1}};
  for (const std::string block : {"in_blocks.0.", "mid_block.", "out_blocks.0."}) {
    expected[block + "attn.qkv.weight"] = 3;
    for (const char* name : {"attn.proj", "mlp.fc1", "mlp.fc2"}) expected[block + name + ".weight"] = 1;
  }
  EXPECT_EQ(matrices(UViT(small())), expected);
  CogformerOptions options;
  options.vocab_size = 11, options.dim = 32, options.n_layers = 1, options.n_heads = 2;
  options.hidden_dim = 24, options.max_seq_length = 8;
  expected.clear();
  for (const char* name : {"attention.qw", "attention.kw", "attention.vw", "attention.ow",
                           "ffn.shared_experts.0.gw", "ffn.shared_experts.0.pw", "ffn.shared_experts.0.ow"})
    expected[std::string("layers.0.") + name] = 1;
  EXPECT_EQ(matrices(Cogformer(options)), expected);
}

// 7 context tokens of 24 wide: a projection of 7 x 24 x C, and 7 more tokens everywhere else.
TEST(Weights, FlopsCountTheContext) {
  ModelOptions options = small();
  options.num_classes = -1;
  const double without = forward_flops(options);
  options.clip_dim = 24;
  options.num_clip_token = 7;
  const double C = 32, N = 25, more = 7, blocks = 3;
  const double linear = blocks * 12 * C * C * more + 2 * C * C * more + C * 4 * more,
               attention = blocks * 2 * C * ((N + more) * (N + more) - N * N);
  EXPECT_NEAR(forward_flops(options) - without, 2 * (linear + attention + more * 24 * C), 1);
}

// The published counts: CIFAR-10 S/2 has 44 M parameters.
TEST(Weights, ParametersAndFlopsOfThePublishedSmallModel) {
  ModelOptions options;
  options.img_size = {32};
  options.in_chans = 3;
  options.embed_dim = 512;
  options.depth = 12;
  options.num_heads = 8;
  options.num_classes = -1;
  UViT model(options);
  EXPECT_NEAR(double(count_parameters(model)), 44.3e6, 0.3e6);
  // 13 blocks of 12 C^2 N + 2 N^2 C = 876 M multiply-adds, 6 skips of 2 C^2 N = 135 M.
  EXPECT_NEAR(forward_flops(options), 2 * (13 * 876e6 + 6 * 135e6), 2 * 0.02e9);
}

}  // namespace
}  // namespace uvic
