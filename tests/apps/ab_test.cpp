// `uvic-train --ab`: settings compared by the real program.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/safetensors.h"
#include "support/eval_files.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;
using testing::TrainedRun;

constexpr auto kAttention = " --quiet --ab model.attention=cog,softmax";

nlohmann::json table(const fs::path& folder) {
  return nlohmann::json::parse(testing::read_bytes(folder / "ab.json"));
}

// Without what depends on the machine's speed.
nlohmann::json steady_table(const fs::path& folder) {
  auto json = table(folder);
  for (auto& variant : json["variants"]) variant["figures"].erase("images_per_second");
  return json;
}

TensorMap weights_of(const fs::path& run, int64_t step) {
  const std::string name = "checkpoints/step-0000000" + std::to_string(step) + "/model.safetensors";
  return load_safetensors(run / name).tensors;
}

TEST(CompareSettings, TrainsEveryVariantWithEverySeedAndWritesOneTable) {
  const TrainedRun files(false);
  const std::string stats = testing::write_eval_stats(files / "stats.npz").string(),
                    features = testing::plain_network(files / "plain.pt").string();
  const auto compared = run(files.train_command("ab") + kAttention +
                            " --seeds 3,5,8 --set data.val_fraction=0.25 --eval-interval 6 " +
                            "--eval-images 4 --eval-stats " + stats + " --eval-features " + features);
  expect_ok(compared);
  EXPECT_EQ(compared.out, testing::read_bytes(files / "ab/ab.md"));
  EXPECT_TRUE(
      compared.out.starts_with("model.attention=cog,softmax: 6 steps each of 4 images.\n3 seeds (3,5,8), "))
      << compared.out;
  for (const char* part :
       {"| variant | parameters | val_loss_ema | difference | p | FID | difference | p | images/s |",
        "\n| cog | ", "\n| softmax | ", "\n| - cog | "})
    EXPECT_NE(compared.out.find(part), std::string::npos) << compared.out;
  const auto json = table(files / "ab");
  EXPECT_EQ(json.at("seeds"), (std::vector<int64_t>{3, 5, 8}));
  for (const auto& variant : json.at("variants")) {
    for (const char* figure : {"val_loss_ema", "fid", "images_per_second"})
      EXPECT_EQ(variant.at("figures").at(figure).at("values").size(), 3U) << figure;
  }
  // Each is the run that the same settings give by themselves.
  expect_ok(run(files.train_command("alone") + " --quiet --set model.attention=softmax --seed 5"));
  expect_ok(run(files.train_command("two") + kAttention + " --seeds 5"));
  EXPECT_EQ(testing::read_bytes(files / "two/softmax-seed5/checkpoints/step-00000006/model.safetensors"),
            testing::read_bytes(files / "alone/checkpoints/step-00000006/model.safetensors"));
}

TEST(CompareSettings, GoesOnWhereItWasKilled) {
  const TrainedRun files(false);
  const auto command = [&](const std::string& folder, const std::string& seeds) {
    return files.train_command(folder) + kAttention + " --steps 9 --seeds " + seeds;
  };
  expect_ok(run(command("whole", "1-2")));
  expect_ok(run(command("parts", "1")));
  const auto first = steady_table(files / "parts");
  EXPECT_EQ(first.at("seeds"), std::vector<int64_t>{1});
  testing::Process killed(command("parts", "1-2"));
  while (killed.running() && !fs::exists(files / "parts/cog-seed2/checkpoints/step-00000002"))
    testing::sleep_ms(1);
  killed.send(SIGKILL);
  killed.wait();
  EXPECT_EQ(steady_table(files / "parts"), first);  // whole seeds alone
  testing::Process stopped(command("parts", "1-2"));
  while (stopped.running() && !fs::exists(files / "parts/softmax-seed2/metrics.jsonl")) testing::sleep_ms(1);
  stopped.send(SIGINT);
  const int code = stopped.wait().code;
  EXPECT_TRUE(code == 3 || code == 0) << code;  // 0: it had just finished
  const auto rest = run(command("parts", "1-2"));
  expect_ok(rest);
  EXPECT_EQ(steady_table(files / "parts"), steady_table(files / "whole"));
  expect_ok(run(command("parts", "1-2")));
}

TEST(CompareSettings, VariantsOfOtherShapesShareTheWeightsThatTheyCan) {
  const TrainedRun files(false);
  expect_ok(run(files.train_command("ab") +
                " --quiet --ab model.embed_dim=16,32 --ab model.depth=2,4 --seeds 2 " +
                "--steps 1"));  // whose rate is 0
  const auto base = weights_of(files / "ab/embed_dim-16-depth-2-seed2", 1);
  for (const char* name : {"embed_dim-16-depth-4", "embed_dim-32-depth-2", "embed_dim-32-depth-4"}) {
    size_t shared = 0;
    for (const auto& [key, tensor] : weights_of(files / ("ab/" + std::string(name) + "-seed2"), 1)) {
      const auto theirs = base.find(key);
      if (theirs == base.end() || theirs->second.sizes() != tensor.sizes()) continue;
      EXPECT_TRUE(at::equal(theirs->second, tensor)) << name << " " << key;
      ++shared;
    }
    EXPECT_GT(shared, 0U);
  }
}

TEST(CompareSettings, WhatCannotBeComparedIsSaidInALineBeforeAnythingIsTrained) {
  const TrainedRun files(false);
  const std::string train = files.train_command("ab");
  const auto refused = [&](const std::string& options, const std::string& text) {
    expect_usage_error(train + options, text);
    const auto result = run(train + options);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_FALSE(fs::exists(files / "ab"));
  };
  refused(" --ab model.atention=cog,softmax", "did you mean");
  refused(" --ab model.attention=cog", "one value cannot be compared");
  refused(" --ab model.attention=cog,softmx", "did you mean 'softmax'?");
  refused(" --ab model.attention", "give a key and its values");
  refused(" --ab model.num_heads=2,3", "--ab, variant num_heads-3: model.num_heads: 3 must divide");
  refused(" --ab model.num_classes=5,3", "--ab, variant num_classes-3: data: labels go up to 3");
  refused(" --ab model.attention=cog,sigmoid --set model.attention_kernel=fused", "there is no fused kernel");
  refused(" --ab model.depth=2,4 --seed 3", "--seeds gives the seeds of a comparison");
  refused(" --seeds 1,2", "--ab");
  expect_ok(run(files.train_command("run") + " --quiet --steps 1"));
  expect_usage_error(files.train_command("run") + kAttention,
                     "is a run; a comparison needs a folder of its own");
}

TEST(CompareSettings, ADryRunSaysWhatEachVariantNeeds) {
  const TrainedRun files(false);
  const auto dry = run(files.train_command("ab") +
                       " --ab model.attention=cog,sigmoid --ab model.attention_gate=false,true --dry-run");
  expect_ok(dry);
  for (const char* part : {"variant cog-attention_gate-false\n", "variant sigmoid-attention_gate-true\n",
                           "; gated output", "unfused (there is no fused kernel for this kind of attention)"})
    EXPECT_NE(dry.out.find(part), std::string::npos) << dry.out;
  EXPECT_FALSE(fs::exists(files / "ab"));
}

}  // namespace
}  // namespace uvic
