// The weights in transformers' layout, run as its Llama runs them: the golden logits of the softmax twin.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "language/transformers.h"
#include "support/golden_language.h"

namespace uvic {
namespace {

using at::Tensor;

class Llama {
 public:
  Llama(TensorMap weights, const nlohmann::json& config) : weights_(std::move(weights)), config_(config) {}

  Tensor logits(const Tensor& tokens) const {
    Tensor x = at::embedding(weights_.at("model.embed_tokens.weight"), tokens);
    for (int i = 0; i < config_.at("num_hidden_layers"); ++i) {
      const std::string at = "model.layers." + std::to_string(i) + ".";
      x = x + attention(norm(x, at + "input_layernorm"), at + "self_attn.");
      const Tensor y = norm(x, at + "post_attention_layernorm");
      x = x + linear(at::silu(linear(y, at + "mlp.gate_proj")) * linear(y, at + "mlp.up_proj"),
                     at + "mlp.down_proj");
    }
    return linear(norm(x, "model.norm"), "lm_head");
  }

 private:
  Tensor linear(const Tensor& x, const std::string& name) const {
    return at::linear(x, weights_.at(name + ".weight"));
  }
  Tensor norm(const Tensor& x, const std::string& name) const {
    const Tensor weight = weights_.at(name + ".weight");
    return at::rms_norm(x, weight.sizes(), weight, config_.at("rms_norm_eps").get<double>());
  }
  // x cos + (-second half, first half) sin.
  Tensor rotate(const Tensor& x) const {
    const int64_t T = x.size(2), D = x.size(3);
    const Tensor frequencies =
        at::pow(config_.at("rope_theta").get<double>(), at::arange(0, D, 2, at::kDouble).div(double(-D)));
    const Tensor half = at::outer(at::arange(T, at::kDouble), frequencies), angles = at::cat({half, half}, 1);
    const auto parts = x.chunk(2, 3);
    return x * angles.cos().to(x.scalar_type()) +
           at::cat({-parts[1], parts[0]}, 3) * angles.sin().to(x.scalar_type());
  }
  Tensor attention(const Tensor& x, const std::string& at) const {
    const int64_t H = config_.at("num_attention_heads");
    const auto heads = [&](const char* name) {
      return linear(x, at + name).view({x.size(0), x.size(1), H, -1}).transpose(1, 2);
    };
    const Tensor out = at::scaled_dot_product_attention(rotate(heads("q_proj")), rotate(heads("k_proj")),
                                                        heads("v_proj"), {}, 0, /*is_causal=*/true);
    return linear(out.transpose(1, 2).reshape(x.sizes()), at + "o_proj");
  }

  TensorMap weights_;
  nlohmann::json config_;
};

TEST(Transformers, RunTheSoftmaxTwin) {
  const auto golden = testing::golden_language("lm_softmax");
  // The first document alone: Llama's code knows no others. It ends where the next begins.
  const Tensor row = golden.tensors.at("input.tokens")[0];
  int64_t end = 1;
  while (end < row.size(0) && row[end].item<int64_t>() != 1) ++end;
  ASSERT_GT(end, 5);
  const auto& options = golden.model->options();
  const auto weights = transformers_weights(named_weights(*golden.model), options);
  const Llama llama(weights, nlohmann::json::parse(transformers_config(options)));
  const Tensor expected = golden.tensors.at("output.logits")[0].slice(0, 0, end);
  EXPECT_LT(testing::relative_error(llama.logits(row.slice(0, 0, end).unsqueeze(0))[0], expected), 2e-5);
}

TEST(Transformers, KeepAllNumbers) {
  const auto golden = testing::golden_language("lm_cog");
  const auto ours = named_weights(*golden.model);
  const auto theirs = transformers_weights(ours, golden.model->options());
  ASSERT_EQ(theirs.size(), ours.size());
  double sum = 0;
  for (const auto& [name, tensor] : ours) sum += tensor.to(at::kDouble).square().sum().item<double>();
  for (const auto& [name, tensor] : theirs) sum -= tensor.to(at::kDouble).square().sum().item<double>();
  EXPECT_NEAR(sum, 0, 1e-9);
}

}  // namespace
}  // namespace uvic
