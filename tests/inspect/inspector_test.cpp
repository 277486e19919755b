// What is streamed over queries equals a direct computation over all weights at once.
#include "inspect/inspector.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "inspect/input_set.h"
#include "kernels/attention_weights.h"
#include "support/direct_attention.h"
#include "support/golden_model.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::DirectHeads;

struct Case {
  std::string name;
  std::shared_ptr<UViT> model;
  TensorMap golden;

  explicit Case(const std::string& name_)
      : name(name_),
        model(testing::golden_network("model_" + name_ + ".safetensors", "weight.")),
        golden(load_safetensors(testing::fixture("model_" + name_ + ".safetensors")).tensors) {}
  Tensor input(const char* key) const {
    const auto found = golden.find(key);
    return found == golden.end() ? Tensor() : found->second;
  }
  InputSet inputs() const {
    return given_inputs(model->options(), input("input.x"), input("input.timesteps"),
                        {input("input.y"), input("input.context")});
  }
  Measures measured(const InspectorOptions& options) const {
    const Network network = [&](const Tensor& x, const Tensor& t, const Condition& condition) {
      const at::NoGradGuard no_grad;
      return model->forward(x, t, condition.labels, condition.context);
    };
    return inspect(network, model->options(), inputs(), options).measures;
  }
};

class InspectorAgainstDirect : public ::testing::TestWithParam<const char*> {};

TEST_P(InspectorAgainstDirect, WhateverTheChunk) {
  const Case c(GetParam());
  const auto direct = testing::observe_directly(*c.model, c.input("input.x"), c.input("input.timesteps"),
                                                c.input("input.y"), c.input("input.context"));
  for (const int64_t chunk : {1, 7, 4096}) {
    const Measures measures = c.measured({.chunk = chunk, .rank_images = -1});
    ASSERT_EQ(measures.layers.size(), direct.blocks.size());
    for (size_t i = 0; i < direct.blocks.size(); ++i) {
      const LayerMeasures& layer = measures.layers[i];
      const Tensor& w = direct.blocks[i].weights;
      const int64_t H = w.size(1), N = w.size(2);
      EXPECT_EQ(layer.kind, direct.blocks[i].kind);
      const DirectHeads heads(w);
      const auto near = [&](const Tensor& mine, const Tensor& theirs, const char* what,
                            double error = 1e-11) {
        EXPECT_LT(testing::max_abs_error(mine, theirs), error)
            << what << " of block " << i << ", chunk " << chunk;
      };
      near(means_of_heads(layer, kNegativeCount), heads.negative_count, "negative_count");
      near(means_of_heads(layer, kNegativeMass), heads.negative_mass, "negative_mass");
      near(means_of_heads(layer, kRowSum), heads.row_sum, "row_sum");
      near(means_of_heads(layer, kEntropy), heads.entropy, "entropy");
      near(means_of_heads(layer, kEntropyShifted), heads.entropy_shifted, "entropy_shifted");
      near(means_of_heads(layer, kEffectiveRank), heads.effective_rank, "effective_rank", 1e-8);
      near(means_of_heads(layer, kTopAttention), heads.top_attention, "top_attention");
      near(layer.incoming, w.abs().mean({0, 1, 2}), "incoming");
      near(layer.incoming_signed, w.mean({0, 1, 2}), "incoming_signed");
      const Tensor flat = w.flatten(2), unit = flat / flat.norm(2, -1, true);
      const Tensor cosines = at::matmul(unit, unit.transpose(1, 2)) - at::eye(H, at::kDouble);
      near(layer.layer.select(1, kHeadDistance), 1 - cosines.sum({1, 2}) / double(H * (H - 1)),
           "head_distance");
      const int64_t extras = c.model->options().extras(),
                    time = extras - 1 - c.model->options().num_clip_token;
      const auto patch = int64_t(TokenGroup::kPatch);
      near(layer.between.select(1, int64_t(TokenGroup::kTime)).select(1, patch) +
               layer.between.select(1, int64_t(TokenGroup::kTime)).select(1, int64_t(TokenGroup::kCorner)),
           w.abs().select(2, time).narrow(2, extras, N - extras).sum(2).mean(0), "from time to patches");
      near(layer.layer.select(1, kLargestBlock), direct.outputs[i].abs().flatten(1).amax(1), "largest_block");
      const Tensor patches = direct.outputs[i].slice(1, extras);
      const Tensor a = patches.slice(1, 0, -1), b = patches.slice(1, 1);
      near(layer.layer.select(1, kTokensBlock), ((a * b).sum(-1) / (a.norm(2, -1) * b.norm(2, -1))).mean(1),
           "cosine_tokens_block");
      if (i > 0) {
        const Tensor& before = direct.outputs[i - 1];
        const Tensor& now = direct.outputs[i];
        near(layer.layer.select(1, kLayersBlock),
             ((now * before).sum(-1) / (now.norm(2, -1) * before.norm(2, -1))).mean(1),
             "cosine_layers_block");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, InspectorAgainstDirect,
                         ::testing::Values("uvic_class", "uvic_text", "uvit_uncond"));

TEST(Inspector, RanksOnlyAsManyImagesAsItIsTold) {
  const Case c("uvic_class");
  const Measures one = c.measured({.chunk = 64, .rank_images = 1}), all = c.measured({});
  for (size_t i = 0; i < all.layers.size(); ++i) {
    const Tensor some = one.layers[i].heads.select(2, kEffectiveRank);
    EXPECT_TRUE(at::equal(some[0], all.layers[i].heads[0].select(1, kEffectiveRank)));
    EXPECT_TRUE(some.slice(0, 1).isnan().all().item<bool>());
    EXPECT_FALSE(all.layers[i].heads.isnan().any().item<bool>());
  }
}

// Queries and keys by which every head of every block attends to one token alone.
class OneToken : public NetworkObserver {
 public:
  OneToken(Inspector& inspector, int64_t token) : inspector_(inspector), token_(token) {}
  void begin(const Tensor& x, const Tensor& t) override { inspector_.begin(x, t); }
  void attention(AttentionInputs& inputs) override {
    inputs.q = at::ones_like(inputs.q);
    inputs.k = at::zeros_like(inputs.k);
    inputs.k.select(2, token_).fill_(100);
    inspector_.attention(inputs);
  }
  void mlp(const Tensor& x) override { inspector_.mlp(x); }
  void block(const Tensor& x) override { inspector_.block(x); }
  void projection(const Tensor& x) override { inspector_.projection(x); }

 private:
  Inspector& inspector_;
  int64_t token_;
};

TEST(Inspector, FindsASink) {
  const Case c("uvic_class");
  const InputSet inputs = c.inputs();
  Inspector inspector(c.model->options(), {});
  OneToken one(inspector, 1);
  const ObserverScope scope(one);
  inspector.expect(inputs.groups);
  const at::NoGradGuard no_grad;
  c.model->forward(c.input("input.x"), c.input("input.timesteps"), c.input("input.y"));
  const Measures measures = inspector.finish();
  for (const LayerMeasures& layer : measures.layers) {
    EXPECT_EQ(mean_of(layer, kSink), 1);
    EXPECT_NEAR(mean_of(layer, kTopAttention), 1, 1e-12);
    EXPECT_NEAR(mean_of(layer, kEffectiveRank), 1, 1e-9);
    EXPECT_NEAR(mean_of(layer, kEntropy), 0, 1e-12);
    EXPECT_NEAR(mean_of(layer, kHeadDistance), 0, 1e-12);
    EXPECT_EQ(layer.sinks[int64_t(TokenGroup::kTime)].item<double>(),
              double(inputs.images * layer.heads.size(1)));
    EXPECT_NEAR(layer.incoming[1].item<double>(), 1, 1e-12);
  }
}

TEST(Inspector, LeavesTheNetworkAlone) {
  const Case c("uvic_class");
  const at::NoGradGuard no_grad;
  const auto forward = [&] {
    return c.model->forward(c.input("input.x"), c.input("input.timesteps"), c.input("input.y"));
  };
  const Tensor alone = forward();
  Inspector inspector(c.model->options(), {});
  {
    const ObserverScope scope(inspector);
    inspector.expect(c.inputs().groups);
    EXPECT_TRUE(at::equal(forward(), alone));
  }
  EXPECT_EQ(network_observer(), nullptr);
  EXPECT_TRUE(at::equal(forward(), alone));
}

TEST(Inspector, RefusesWhatIsNotFinite) {
  const Case c("uvic_class");
  const at::NoGradGuard no_grad;
  c.model->named_parameters()["mid_block.attn.qkv.weight"].fill_(NAN);
  EXPECT_THROW_WITH(c.measured({}), std::runtime_error, "queries or keys are not finite");
}

}  // namespace
}  // namespace uvic
