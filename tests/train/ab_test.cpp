// Comparisons: which runs, what they come to, how sure that is.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "support/support.h"
#include "support/tiny_run.h"
#include "train/ab_runs.h"
#include "train/paired.h"
#include "train/run_log.h"

namespace uvic {
namespace {

std::vector<AbVariant> variants(const std::vector<std::string>& axes) {
  DiffusionConfig scratch;
  return ab_variants(axes, fields_of(scratch));
}

std::string names(const std::vector<std::string>& axes) {
  std::string text;
  for (const AbVariant& variant : variants(axes)) text += variant.name + " ";
  return text;
}

TEST(AbPlan, ValuesMultiplyAndNameTheirRuns) {
  EXPECT_EQ(names({"model.attention=cog,softmax"}), "cog softmax ");
  EXPECT_EQ(names({"model.attention=cog,softmax", "model.qk_norm=false,true"}),
            "cog-qk_norm-false cog-qk_norm-true softmax-qk_norm-false softmax-qk_norm-true ");
  EXPECT_EQ(names({"optimizer.lr=1e-3, 0.0002"}), "lr-0.001 lr-2e-04 ");
  EXPECT_EQ(names({"model.softmax_layers=[first, last],[none]"}).substr(0, 26), "softmax_layers-first_last ");
  EXPECT_EQ(names({"data.path=/a/x,/b/x,/b/y"}), "x x-2 y ");
  const auto both = variants({"model.attention=cog,softmax", "optimizer.betas=[0.9, 0.99],[0.9, 0.999]"});
  EXPECT_EQ(both[2].assignments,
            (std::vector<std::string>{"model.attention=softmax", "optimizer.betas=[0.9, 0.99]"}));
  EXPECT_EQ(ab_run_name(both[0], 7), "cog-betas-0.9_0.99-seed7");
}

TEST(AbPlan, WhatCannotBeCompared) {
  const auto refused = [](const std::vector<std::string>& axes, const char* text) {
    EXPECT_THROW_WITH(variants(axes), UsageError, text);
  };
  refused({"model.attention"}, "--ab model.attention: give a key and its values, as in model.attention=cog");
  refused({"model.atention=cog,softmax"}, "--ab model.atention=cog: unknown key 'model.atention'");
  refused({"model.attention=cog"}, "one value cannot be compared; give two or more");
  refused({"model.attention=cog,softmx"}, "did you mean 'softmax'");
  refused({"model.attention=cog,softmax,cog"}, "cog stands twice");
  refused({"optimizer.lr=1e-3,0.001"}, "0.001 stands twice");
  refused({"optimizer.lr=1e-3,-1"}, "optimizer.lr");
  refused({"train.seed=1,2"}, "--seeds varies train.seed");
  refused({"model.depth=2,4", "model.depth=6,8"}, "--ab model.depth: is given twice");
  EXPECT_THROW_WITH(ab_seeds("1,2,1"), UsageError, "a seed stands twice");
  EXPECT_THROW_WITH(ab_seeds("1,seven"), UsageError, "seven");
  EXPECT_THROW_WITH(ab_runs(DiffusionConfig(), {"model.num_heads=4,3"}, "0"), UsageError,
                    "--ab, variant num_heads-3: model.num_heads: 3 must divide model.embed_dim");
}

TEST(AbPlan, RunsOfASeedDifferInTheVariantAlone) {
  const auto runs = ab_runs(DiffusionConfig(), {"diffusion.p_uncond=0.1,0"}, "3,5");
  EXPECT_EQ(differing_keys(runs.config(0, 1), runs.config(1, 1)),
            (std::vector<std::string>{"model.null_label", "diffusion.p_uncond"}));  // as it follows
  EXPECT_EQ(differing_keys(runs.config(0, 0), runs.config(0, 1)), std::vector<std::string>{"train.seed"});
  EXPECT_EQ(runs.config(1, 1).train.seed, 5);
}

TEST(Paired, MeansAndStandardErrors) {
  const Estimate e = estimate({1, 2, 4});
  EXPECT_DOUBLE_EQ(e.mean, 7. / 3);
  EXPECT_DOUBLE_EQ(e.standard_error, std::sqrt(7. / 3 / 3));
  EXPECT_TRUE(std::isnan(estimate({1}).standard_error));
  EXPECT_EQ(paired_differences({1, 2}, {4, 1}), (std::vector<double>{3, -1}));
}

// Against a table of Student's distribution: t of a two-sided p of 0.05 and 0.001 at 2 to 30 degrees of
// freedom.
TEST(Paired, TTest) {
  for (const auto& [freedom, at_5, at_01] : {std::tuple<size_t, double, double>{2, 4.302653, 31.599055},
                                             {3, 3.182446, 12.923979},
                                             {4, 2.776445, 8.610302},
                                             {5, 2.570582, 6.868827},
                                             {9, 2.262157, 4.780913},
                                             {10, 2.228139, 4.586894},
                                             {30, 2.042272, 3.645959}}) {
    EXPECT_NEAR(paired_t_test({at_5, 1, freedom + 1}), 0.05, 1e-6) << freedom;
    EXPECT_NEAR(paired_t_test({-at_01, 1, freedom + 1}), 0.001, 1e-6) << freedom;
  }
  EXPECT_NEAR(paired_t_test({0, 1, 5}), 1, 1e-15);
  EXPECT_TRUE(std::isnan(paired_t_test({1, 1, 2})));
  EXPECT_TRUE(std::isnan(paired_t_test({0, 0, 5})));
}

TEST(AbResults, FiguresOfARun) {
  const testing::TemporaryDirectory run;
  {
    RunLog log(run.path(), 0);
    for (int64_t step = 10; step <= 100; step += 5)
      log.write(step, {{"loss", double(step)},
                       {"loss_t0", 2. * double(step)},
                       {"images_per_second", double(step % 20)},
                       {"val_loss", step == 50    ? 7
                                    : step == 100 ? 3.
                                                  : NAN}});
    log.write(100, {{"fid", 12.5}});
  }
  const RunFigures figures = figures_of_run(run.path(), 100);
  EXPECT_EQ(figures.at("loss"), 97.5);  // steps 95 and 100
  EXPECT_EQ(figures.at("loss_t0"), 195);
  EXPECT_EQ(figures.at("val_loss"), 3);
  EXPECT_EQ(figures.at("fid"), 12.5);
  EXPECT_EQ(figures.at("images_per_second"), 10);
  EXPECT_FALSE(figures_of_run(run.path(), 200).contains("fid"));
}

AbResults two_by_three() {
  AbResults results{.heading = "model.attention=cog,softmax: 10 steps each of 4 images.",
                    .variants = variants({"model.attention=cog,softmax"}),
                    .parameters = {1070000, 1070000},
                    .seeds = {0, 1, 2},
                    .figures = {}};
  for (const double move : {0., 0.5}) {
    auto& runs = results.figures.emplace_back();
    for (const double seed : {0., 1., 2.})
      runs.push_back({{"loss", 1 + seed + move},
                      {"loss_t0", 2 + seed},
                      {"loss_t1", 1 + move * (1 + 0.1 * seed)},
                      {"val_loss", 10 + seed * 0.1 + move * (1 + 0.1 * seed)},
                      {"images_per_second", 100 - move}});
  }
  return results;
}

TEST(AbResults, TheTable) {
  EXPECT_EQ(
      ab_markdown(two_by_three()),
      "model.attention=cog,softmax: 10 steps each of 4 images.\n"
      "3 seeds (0-2), mean ± standard error; differences are from cog, paired by seed; p: two-sided paired t "
      "test.\n"
      "val_loss: on held-out data after the last step.\n\n"
      "| variant | parameters | val_loss | difference | p | images/s | difference | p |\n"
      "|---|---:|---:|---:|---:|---:|---:|---:|\n"
      "| cog | 1.07 M | 10.100 ± 0.058 |  |  | 100 |  |  |\n"
      "| softmax | 1.07 M | 10.650 ± 0.087 | +0.550 ± 0.029 | 0.0027 | 99.5 | -0.5 |  |\n\n"
      "Mean training loss over the last tenth of the steps by noise level, t0 the least noise:\n\n"
      "| variant | t0 | t1 |\n"
      "|---|---:|---:|\n"
      "| cog | 3.00 ± 0.58 | 1 |\n"
      "| softmax | 3.00 ± 0.58 | 1.550 ± 0.029 |\n"
      "| - cog | +0 | +0.550 ± 0.029 |\n");
}

TEST(AbResults, AsNumbers) {
  AbResults results = two_by_three();
  results.figures[1][2].erase("val_loss");  // then not every run has it
  const auto json = nlohmann::json::parse(ab_json(results));
  EXPECT_EQ(json.at("loss"), "loss");
  EXPECT_EQ(json.at("baseline"), "cog");
  EXPECT_EQ(json.at("seeds"), (std::vector<int64_t>{0, 1, 2}));
  const auto& softmax = json.at("variants")[1];
  EXPECT_EQ(softmax.at("set"), std::vector<std::string>{"model.attention=softmax"});
  EXPECT_EQ(softmax.at("figures").at("loss").at("values"), (std::vector<double>{1.5, 2.5, 3.5}));
  EXPECT_EQ(softmax.at("figures").at("loss").at("difference").at("mean"), 0.5);
  EXPECT_TRUE(
      softmax.at("figures").at("loss").at("difference").at("p").is_null());  // all differences are equal
  EXPECT_FALSE(softmax.at("figures").contains("val_loss"));
}

TEST(AbResults, OneSeedHasNoError) {
  AbResults results = two_by_three();
  results.seeds = {0};
  for (auto& runs : results.figures) runs.resize(1);
  const std::string text = ab_markdown(results);
  EXPECT_NE(text.find("1 seed (0), mean"), std::string::npos) << text;
  EXPECT_NE(text.find("| softmax | 1.07 M | 10.5 | +0.5 | 99.5 | -0.5 |\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace uvic
