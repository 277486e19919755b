#include "language/generate.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/seeds.h"
#include "language/draw.h"
#include "support/golden_language.h"
#include "tiny_model.h"

namespace uvic {
namespace {

using testing::golden_language;
using testing::tiny_model;

constexpr int64_t kEos = 2;

std::vector<int64_t> to_vector(const at::Tensor& tokens) {
  const at::Tensor flat = tokens.flatten().contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

class GoldenText : public ::testing::TestWithParam<const char*> {};

// The published code's greedy tokens, and the distributions that they are of; with the cache.
TEST_P(GoldenText, IsGeneratedGreedily) {
  const auto golden = golden_language(GetParam());
  const auto tokens = to_vector(golden.tensors.at("generate.tokens"));
  const GenerateOptions greedy{.length = int64_t(tokens.size()), .temperature = 0};
  std::vector<at::Tensor> log_probs;
  const auto made = TextGenerator(LanguageNetwork(golden.model), greedy, {})
                        .run({{to_vector(golden.tensors.at("generate.prompt")), 0}},
                             {.on_token = [&](size_t, int64_t, const at::Tensor& logits) {
                               log_probs.push_back(at::log_softmax(logits, -1));
                             }});
  EXPECT_EQ(made[0].tokens, tokens);
  EXPECT_EQ(made[0].end, TextEnd::kLength);
  EXPECT_LT(testing::max_abs_error(at::stack(log_probs), golden.tensors.at("generate.log_probs")), 1e-4);
}
INSTANTIATE_TEST_SUITE_P(Generate, GoldenText, ::testing::Values("lm_cog", "lm_softmax", "lm_cog_d32"));

/// Prompts of unequal length, some of one seed.
std::vector<Prompt> some_prompts() {
  std::vector<Prompt> prompts;
  for (int64_t i = 0; i < 9; ++i) {
    Prompt prompt{{1}, i / 2};
    for (int64_t k = 0; k < i; ++k) prompt.tokens.push_back(3 + (7 * i + 5 * k) % 256);
    prompts.push_back(prompt);
  }
  return prompts;
}

GenerateOptions random_options() {
  return {.length = 20, .repetition_penalty = 1.1, .temperature = 0.9, .top_k = 100, .top_p = 0.98};
}

/// Without a cache or a batch: the whole text through the network for each token.
std::vector<int64_t> plainly(Cogformer& model, const GenerateOptions& options, const Prompt& prompt) {
  const at::NoGradGuard no_grad;
  auto generator = image_generator(prompt.seed);
  auto tokens = prompt.tokens;
  for (int64_t i = 0; i < options.length; ++i) {
    const at::Tensor logits = model.forward(at::tensor(tokens, at::kLong).unsqueeze(0))[0][-1];
    const auto candidates = filter_tokens({logits.const_data_ptr<float>(), size_t(logits.numel())}, options,
                                          {tokens.begin(), tokens.end()});
    tokens.push_back(draw_token(candidates, at::rand({}, generator, at::kDouble).item<double>()));
    if (tokens.back() == kEos || tokens.back() == 1) break;
  }
  return {tokens.begin() + std::ptrdiff_t(prompt.tokens.size()), tokens.end()};
}

TEST(Generate, ATextIsThatOfItsSeedWhateverIsBesideIt) {
  const auto model = tiny_model();
  const auto prompts = some_prompts();
  std::vector<std::vector<int64_t>> expected;
  for (const Prompt& prompt : prompts) expected.push_back(plainly(*model, random_options(), prompt));
  EXPECT_NE(expected[0], expected[2]);
  for (const int64_t batch_size : {1, 4, 16}) {
    auto options = random_options();
    options.batch_size = batch_size;
    const TextGenerator generator(LanguageNetwork(model), options, {kEos, 1});
    const auto made = generator.run(prompts);
    const auto backwards = generator.run({prompts.rbegin(), prompts.rend()});
    for (size_t i = 0; i < prompts.size(); ++i) {
      EXPECT_EQ(made[i].tokens, expected[i]) << i << " of " << batch_size;
      EXPECT_EQ(backwards[prompts.size() - 1 - i].tokens, expected[i]) << i << " of " << batch_size;
    }
  }
}

TEST(Generate, StopsWhereTheDocumentEnds) {
  const auto model = tiny_model();
  auto options = random_options();
  const Prompt prompt{{1, 20, 30}, 5};
  const auto whole = TextGenerator(LanguageNetwork(model), options, {}).run({prompt})[0].tokens;
  ASSERT_EQ(whole.size(), 20U);
  // The first token that was not before, as if it ended documents.
  size_t at = 1;
  while (std::find(whole.begin(), whole.begin() + long(at), whole[at]) != whole.begin() + long(at)) ++at;
  const auto made = TextGenerator(LanguageNetwork(model), options, {whole[at]}).run({prompt})[0];
  EXPECT_EQ(made.tokens, std::vector<int64_t>(whole.begin(), whole.begin() + long(at) + 1));
  EXPECT_EQ(made.end, TextEnd::kDocument);
  options.ignore_eos = true;
  EXPECT_EQ(TextGenerator(LanguageNetwork(model), options, {whole[at]}).run({prompt})[0].tokens, whole);
}

TEST(Generate, FillsTheContextIfNoLengthIsSaid) {
  const auto model = tiny_model();
  const auto made =
      TextGenerator(LanguageNetwork(model), {}, {}).run({{{1, 5}, 0}, {std::vector<int64_t>(47, 9), 0}});
  EXPECT_EQ(made[0].tokens.size(), 46U);
  EXPECT_EQ(made[1].tokens.size(), 1U);
}

TEST(Generate, HooksAreToldAndAsked) {
  const auto model = tiny_model();
  auto options = random_options();
  options.batch_size = 2;
  std::vector<std::vector<int64_t>> told(3);
  std::vector<size_t> finished;
  int tokens = 0;
  const GenerateHooks hooks{.on_token = [&](size_t text, int64_t token,
                                            const at::Tensor&) { told[text].push_back(token), ++tokens; },
                            .on_text =
                                [&](size_t text, const GeneratedText& made) {
                                  finished.push_back(text);
                                  EXPECT_EQ(made.tokens, told[text]);
                                },
                            .stopped = [&] { return tokens >= 44; }};
  const auto made =
      TextGenerator(LanguageNetwork(model), options, {}).run({{{1}, 0}, {{1}, 1}, {{1}, 2}}, hooks);
  EXPECT_EQ(finished, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(made[2].end, TextEnd::kStopped);
  EXPECT_EQ(made[2].tokens.size(), 4U);
}

TEST(Generate, RunsInBfloat16) {
  const auto golden = golden_language("lm_cog");
  GenerateOptions options{.length = 12, .temperature = 0};
  options.precision = Precision::kBf16;
  std::vector<at::Tensor> log_probs;
  TextGenerator(LanguageNetwork(golden.model, options.precision), options, {})
      .run({{to_vector(golden.tensors.at("generate.prompt")), 0}},
           {.on_token = [&](size_t, int64_t, const at::Tensor& logits) { log_probs.push_back(logits); }});
  const at::Tensor first = at::log_softmax(log_probs[0], -1);
  const at::Tensor expected = golden.tensors.at("generate.log_probs")[0];
  const double error = testing::max_abs_error(first, expected);
  EXPECT_LT(error, 0.1);
  EXPECT_GT(error, 1e-5);
}

TEST(Generate, RefusesPromptsThatDoNotFit) {
  const auto length = [](const std::vector<int64_t>& tokens, const std::string& name) {
    return length_for({tokens, 0}, testing::tiny_options(), {.length = 40}, name);
  };
  EXPECT_EQ(length(std::vector<int64_t>(8, 5), "p"), 40);
  EXPECT_THROW_WITH(length(std::vector<int64_t>(9, 5), "--prompt"), UsageError,
                    "--prompt: its 9 tokens and 40 to generate (generate.length) are more than the model's "
                    "context of 48 (model.max_seq_length); at most 39 fit");
  EXPECT_THROW_WITH(length(std::vector<int64_t>(48, 5), "p"), UsageError, "no room");
  EXPECT_THROW_WITH(length({}, "p"), UsageError, "p: is empty");
  EXPECT_THROW_WITH(length({1, 259}, "p"), UsageError,
                    "p: token 259 at position 1 is outside the model's vocabulary, 0 to 258");
  EXPECT_THROW_WITH(length({-1}, "p"), UsageError, "token -1 at position 0");
}

}  // namespace
}  // namespace uvic
