// The language model against its authors' code: logits within 2e-5, gradients within 1e-4 (relative, 2-norm),
// the greedy continuation to the token, with the cache and without.
#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/safetensors.h"
#include "nn/cogformer_decoder.h"
#include "nn/parameters.h"
#include "support/golden_language.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

class LanguageGolden : public ::testing::TestWithParam<std::string> {
 protected:
  LanguageGolden() : golden_(testing::golden_language(GetParam())), model_(golden_.model) {}
  Tensor of(const std::string& name) const { return golden_.tensors.at(name); }
  testing::GoldenLanguage golden_;
  std::shared_ptr<Cogformer> model_;
};

Tensor mean_loss(const Tensor& logits, const Tensor& tokens) {
  const int64_t V = logits.size(2);
  return at::cross_entropy_loss(logits.slice(1, 0, -1).reshape({-1, V}), tokens.slice(1, 1).reshape({-1}));
}

TEST_P(LanguageGolden, LogitsLossAndGradients) {
  const Tensor logits = model_->forward(of("input.tokens"));
  EXPECT_LT(relative_error(logits.detach(), of("output.logits")), 2e-5);
  const Tensor loss = mean_loss(logits, of("input.tokens"));
  EXPECT_NEAR(loss.item<double>(), of("output.loss").item<double>(), 2e-5);
  loss.backward();
  for (const auto& item : model_->named_parameters())
    EXPECT_LT(relative_error(item.value().grad(), of("grad." + item.key())), 1e-4) << item.key();
}

// Recomputed in the backward, the gradients are the same to the bit.
TEST_P(LanguageGolden, Recomputed) {
  CogformerOptions options = model_->options();
  options.use_checkpoint = true;
  Cogformer twin(options);
  load_weights(twin, named_weights(*model_), "golden");
  for (Cogformer* model : {model_.get(), &twin})
    mean_loss(model->forward(of("input.tokens")), of("input.tokens")).backward();
  for (const auto& item : model_->named_parameters())
    EXPECT_TRUE(at::equal(item.value().grad(), twin.named_parameters()[item.key()].grad())) << item.key();
}

TEST_P(LanguageGolden, GreedyContinuation) {
  const at::NoGradGuard no_grad;
  const Tensor expected = of("generate.tokens"), log_probs = of("generate.log_probs");
  const CogformerDecoder decoder(*model_, at::kFloat);
  KeyValueCache cache = decoder.new_cache(3, 64);
  Tensor text = of("generate.prompt")[0], cached = decoder.extend(cache, 1, text);
  for (int64_t i = 0; i < expected.size(0); ++i) {
    const Tensor whole = model_->forward(text.unsqueeze(0))[0][-1];
    EXPECT_LT(testing::max_abs_error(whole.log_softmax(-1), log_probs[i]), 1e-4) << i;
    EXPECT_LT(testing::max_abs_error(cached.log_softmax(-1), log_probs[i]), 1e-4) << i;
    ASSERT_EQ(whole.argmax().item<int64_t>(), expected[i].item<int64_t>()) << i;
    ASSERT_EQ(cached.argmax().item<int64_t>(), expected[i].item<int64_t>()) << i;
    text = at::cat({text, expected[i].unsqueeze(0)});
    cached = decoder.step(cache, {1}, expected[i].unsqueeze(0))[0];
  }
}

// Rows of unequal length beside each other, documents inside them, tokens in several pieces.
TEST_P(LanguageGolden, TheCacheSeesWhatTheWholeTextSees) {
  const at::NoGradGuard no_grad;
  const Tensor tokens = of("input.tokens");
  const int64_t B = tokens.size(0), T = tokens.size(1);
  const Tensor whole = model_->forward(tokens);
  const CogformerDecoder decoder(*model_, at::kFloat);
  KeyValueCache cache = decoder.new_cache(B, T);
  std::vector<int64_t> rows;
  for (int64_t b = 0; b < B; ++b) {
    const int64_t first = 5 + 3 * b;
    EXPECT_LT(relative_error(decoder.extend(cache, b, tokens[b].slice(0, 0, first)), whole[b][first - 1]),
              1e-5);
    rows.push_back(b);
  }
  for (int64_t i = 0; i < T - 5 - 3 * B; ++i) {
    std::vector<Tensor> next;
    for (const int64_t b : rows) next.push_back(tokens[b][5 + 3 * b + i]);
    const Tensor found = decoder.step(cache, rows, at::stack(next));
    for (const int64_t b : rows)
      EXPECT_LT(relative_error(found[b], whole[b][5 + 3 * b + i]), 1e-5) << b << " " << i;
  }
  cache.clear(0);
  EXPECT_LT(relative_error(decoder.extend(cache, 0, tokens[B - 1]), whole[B - 1][T - 1]), 1e-5);
  EXPECT_THROW_WITH(decoder.step(cache, {0}, tokens[0].slice(0, 0, 1)), c10::Error, "has room for 0 tokens");
}

INSTANTIATE_TEST_SUITE_P(Cases, LanguageGolden, ::testing::Values("lm_cog", "lm_cog_d32", "lm_softmax"),
                         [](const auto& info) { return info.param; });

TEST(Documents, BeginAtRowsAndAtTheirToken) {
  const Tensor tokens = at::tensor({5, 1, 7, 1, 8, 1}, at::kLong).view({2, 3});
  EXPECT_TRUE(at::equal(document_bounds(tokens, 1), at::tensor({0, 1, 3, 5, 6}, at::kLong)));
  EXPECT_FALSE(document_bounds(tokens, -1).defined());
  EXPECT_FALSE(document_bounds(tokens, 9).defined());
}

TEST(CogformerOptions, RefuseWhatDoesNotGoTogether) {
  CogformerOptions options;
  options.n_heads = 5;
  EXPECT_THROW_WITH(options.validate(), UsageError, "model.n_heads: 5 must divide model.dim 256");
  options.n_heads = 256;
  EXPECT_THROW_WITH(options.validate(), UsageError, "needs an even width");
  options = CogformerOptions();
  options.bos_token = 259;
  EXPECT_THROW_WITH(options.validate(), UsageError,
                    "model.bos_token: 259 must be below model.vocab_size 259");
}

}  // namespace
}  // namespace uvic
