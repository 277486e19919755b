#include "language/probe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "language/probe_plot.h"
#include "support/support.h"
#include "text/byte_tokenizer.h"
#include "tiny_model.h"

namespace uvic {
namespace {

using testing::tiny_model;
using testing::tiny_options;

std::shared_ptr<Cogformer> model_of(AttentionKind kind) {
  auto options = tiny_options();
  options.attention = kind;
  options.max_seq_length = 400;
  auto model = tiny_model(options);
  model->to(at::kDouble);
  return model;
}

const ProbeTokens kDigits = {'1' + 3, '0' + 3, 1};

/// The last token's representation of one sequence, run alone.
at::Tensor last_of(Cogformer& model, const std::vector<int64_t>& tokens) {
  const at::NoGradGuard no_grad;
  return model.representations(at::tensor(tokens, at::kLong).unsqueeze(0))[0][-1];
}

TEST(Probe, ComparesTheLastTokensOfTheSequencesThatItSays) {
  const auto model = model_of(AttentionKind::kSoftmax);
  for (const int64_t bos : {1, -1}) {
    const ProbeTokens tokens = {kDigits.one, kDigits.zero, bos};
    const auto rows = probe(LanguageNetwork(model), tokens, {1, 7, 30});
    ASSERT_EQ(rows.size(), 3U);
    for (const ProbeRow& row : rows) {
      std::vector<int64_t> ones(size_t(row.ones), tokens.one);
      auto more = ones, zero = ones;
      more.push_back(tokens.one);
      zero.insert(zero.begin(), tokens.zero);
      for (auto* sequence : {&ones, &more, &zero}) {
        if (bos >= 0) sequence->insert(sequence->begin(), bos);
      }
      const at::Tensor reference = last_of(*model, ones);
      for (const auto& [distance, sequence] :
           {std::pair(row.one_more, more), std::pair(row.zero_before, zero)}) {
        const at::Tensor difference = last_of(*model, sequence) - reference;
        EXPECT_NEAR(distance.l1, difference.norm(1).item<double>(), 1e-9);
        EXPECT_NEAR(distance.l2, difference.norm(2).item<double>(), 1e-9);
        EXPECT_NEAR(distance.max, difference.norm(INFINITY).item<double>(), 1e-9);
        EXPECT_NEAR(distance.relative, distance.l2 / reference.norm().item<double>(), 1e-9);
      }
    }
  }
}

// The collapse that Barbero et al. prove: n ones and n + 1 grow alike under softmax.
TEST(Probe, SoftmaxRepresentationsCollapse) {
  const auto rows = probe(LanguageNetwork(model_of(AttentionKind::kSoftmax)), kDigits, {2, 20, 200});
  EXPECT_GT(rows[0].one_more.l2, 2 * rows[1].one_more.l2);
  EXPECT_GT(rows[1].one_more.l2, 2 * rows[2].one_more.l2);
  EXPECT_GT(rows[0].zero_before.l2, 2 * rows[2].zero_before.l2);
}

TEST(Probe, LengthsFillTheContext) {
  EXPECT_EQ(probe_lengths(20), (std::vector<int64_t>{1, 2, 3, 4, 6, 8, 12, 16, 20}));
  EXPECT_EQ(probe_lengths(3), (std::vector<int64_t>{1, 2, 3}));
  const auto model = tiny_model();
  EXPECT_EQ(most_ones(model->options(), kDigits), 46);
  EXPECT_EQ(probe(LanguageNetwork(model), kDigits, {46}).size(), 1U);
  EXPECT_THROW_WITH(probe(LanguageNetwork(model), kDigits, {5, 47}), UsageError, "a length of 47");
  EXPECT_THROW_WITH(probe(LanguageNetwork(model), kDigits, {0}), UsageError, "a length of 0");
}

TEST(Probe, DigitsUnderATokenizer) {
  const ProbeTokens tokens = digit_tokens(*byte_tokenizer(), 1);
  EXPECT_EQ(tokens.one, '1' + 3);
  EXPECT_EQ(tokens.zero, '0' + 3);
  EXPECT_EQ(tokens.bos, 1);
}

TEST(Probe, JsonHasAColumnANorm) {
  const ProbeResult result{"cog", probe(LanguageNetwork(tiny_model()), kDigits, {1, 5})};
  const auto json = probe_json(result);
  EXPECT_EQ(json["name"], "cog");
  EXPECT_EQ(json["ones"], (nlohmann::json{1, 5}));
  for (const char* test : {"one_more", "zero_before"}) {
    for (const std::string& norm : distance_names()) EXPECT_EQ(json[test][norm].size(), 2U);
  }
  EXPECT_EQ(json["zero_before"]["l1"][1].get<double>(), result.rows[1].zero_before.l1);
}

// Two curves of their colours, also where a difference is zero and has no place on a logarithmic axis.
TEST(Probe, PlotShowsACurveAResult) {
  ProbeResult cog{"cog", {}}, softmax{"softmax", {}};
  for (const int64_t n : {1, 10, 100, 1000}) {
    const Distance flat{1, 1, 1, 1}, falling{0, n == 1000 ? 0 : 1 / double(n), 0, 0};
    cog.rows.push_back({n, flat, flat});
    softmax.rows.push_back({n, falling, falling});
  }
  const at::Tensor picture = plot_probe({cog, softmax}, "l2");
  ASSERT_EQ(picture.scalar_type(), at::kByte);
  ASSERT_EQ(picture.size(0), 3);
  const auto pixels_of = [&](int r, int g, int b) {
    return (picture[0].eq(r) & picture[1].eq(g) & picture[2].eq(b)).sum().item<int64_t>();
  };
  EXPECT_GT(pixels_of(30, 110, 190), 500);
  EXPECT_GT(pixels_of(220, 110, 40), 500);
  EXPECT_EQ(plot_probe({softmax}, "l1").sizes(), plot_probe({softmax}, "max").sizes());  // nothing to show
}

}  // namespace
}  // namespace uvic
