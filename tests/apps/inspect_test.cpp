// uvic-inspect from the shell: its numbers against a direct computation, its files, its refusals.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/npy.h"
#include "io/png.h"
#include "recipe/recipe.h"
#include "support/direct_attention.h"
#include "support/eval_files.h"
#include "support/golden_model.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

using at::Tensor;
using nlohmann::json;
using testing::DirectHeads;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;
using testing::TrainedRun;

const TrainedRun& files() {
  static const TrainedRun files;
  return files;
}
std::string trained() {
  return (files() / "run").string();
}
json read_json(const std::filesystem::path& path) {
  return json::parse(testing::read_bytes(path));
}

/// Golden weights and inputs as files, and the options that name them.
struct GoldenFiles {
  testing::TemporaryDirectory folder;
  TensorMap golden;
  std::string options;

  explicit GoldenFiles(const std::string& name) {
    const auto stored = load_safetensors(testing::fixture("model_" + name + ".safetensors"));
    golden = stored.tensors;
    RecipeFile config;
    config.recipe.model = testing::golden_options(stored.metadata.at("config"));
    testing::write_bytes(folder / "config.yaml", config.to_yaml());
    save_safetensors(folder / "w.safetensors", testing::with_prefix(golden, "weight."));
    options = "uvic-inspect --device cpu --threads 2 --quiet --checkpoint " + path("w.safetensors") +
              " --config " + path("config.yaml");
    for (const auto& [key, option] :
         {std::pair("x", "inputs"), {"timesteps", "timesteps"}, {"y", "labels"}, {"context", "context"}}) {
      const Tensor x = input(key);
      if (!x.defined()) continue;
      save_npy(folder / (std::string(option) + ".npy"), x);
      options += c10::str(" --", option, " ", path(std::string(option) + ".npy"));
    }
  }
  Tensor input(const std::string& key) const {
    const auto found = golden.find("input." + key);
    return found == golden.end() ? Tensor() : found->second;
  }
  std::string path(const std::string& name) const { return (folder / name).string(); }
};

TEST(Inspect, NumbersOfGivenInputs) {
  for (const std::string name : {"uvic_class", "uvic_text", "uvit_uncond"}) {
    const GoldenFiles golden(name);
    const auto out = golden.folder / "out.json";
    expect_ok(run(golden.options + " --json " + out.string()));
    const json layers = read_json(out).at("layers");
    const auto model = testing::golden_network("model_" + name + ".safetensors", "weight.");
    const auto direct = testing::observe_directly(*model, golden.input("x"), golden.input("timesteps"),
                                                  golden.input("y"), golden.input("context"));
    ASSERT_EQ(layers.size(), direct.blocks.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      const auto& [kind, weights] = direct.blocks[i];
      EXPECT_EQ(layers[i].at("kind"), kind == AttentionKind::kCog ? "cog" : "softmax");
      const DirectHeads heads(weights);
      ASSERT_EQ(int64_t(layers[i].at("heads").size()), weights.size(1));
      for (int64_t h = 0; h < weights.size(1); ++h) {
        const json& head = layers[i]["heads"][size_t(h)];
        const auto near = [&](const char* key, const Tensor& values, double error) {
          EXPECT_NEAR(head.at(key).get<double>(), values[h].item<double>(), error)
              << key << ", " << name << ", block " << i << ", head " << h;
        };
        near("negative_count", heads.negative_count, 1e-9);
        near("negative_mass", heads.negative_mass, 1e-9);
        near("row_sum", heads.row_sum, 1e-9);
        near("entropy", heads.entropy, 1e-9);
        near("entropy_shifted", heads.entropy_shifted, 1e-9);
        near("effective_rank", heads.effective_rank, 1e-7);
      }
    }
    EXPECT_GT(layers[1]["heads"][0]["negative_count"].get<double>(), name == "uvit_uncond" ? -1 : 0.1);
    EXPECT_EQ(layers[0]["heads"][0]["negative_count"].get<double>(), 0) << "the first block is softmax";
  }
}

TEST(Inspect, RefusesInputsThatDoNotFit) {
  const GoldenFiles golden("uvic_class");
  save_npy(golden.folder / "wide.npy", at::zeros({2, 3, 4, 4}));
  save_npy(golden.folder / "one.npy", at::zeros({1}));
  save_npy(golden.folder / "large.npy", at::full({2}, 99, at::kLong));
  const std::string base = golden.options;
  expect_usage_error(base + " --inputs " + golden.path("wide.npy"),
                     "--inputs " + golden.path("wide.npy") + ": must be [B, 1, 8, 8]");
  expect_usage_error(base + " --timesteps " + golden.path("one.npy"), "--timesteps");
  expect_usage_error(base + " --labels " + golden.path("large.npy"), "99 is none of 0 to");
  expect_usage_error(base + " --labels " + golden.path("one.npy"), "must hold integers");
  expect_usage_error(base + " --context " + golden.path("one.npy"), "this model reads no text");
  const std::string kind = base + " --kind ";
  expect_usage_error(kind + "sigmoid",
                     "has no block of sigmoid attention (--kind); its model.attention is cog");
  expect_usage_error(kind + "cogs", "--kind");
  expect_usage_error(base + " --pictures " + golden.path("p") + " --patch 9,99",
                     "--patch '9,99': must be ROW,COLUMN");
  expect_usage_error(base + " --pictures " + golden.path("p") + " --map-image 7",
                     "--map-image 7: there are images 0 to");
  expect_usage_error("uvic-inspect --checkpoint " + testing::fixture("lm_cog.safetensors").string(),
                     "`uvic-lm probe` looks at those");
}

TEST(Inspect, ImagesAndSamplesOfARun) {
  const auto folder = files() / "seen";
  std::filesystem::create_directories(folder);
  const auto out = folder / "out.json";
  const auto result =
      run("uvic-inspect " + files().checkpoint() + " --num 6 --times 0.2,0.8 --suppress-top 2 --draws 2" +
          " --stats " + testing::write_eval_stats(folder / "stats.npz").string() + " --features " +
          testing::plain_network(folder / "plain.pt").string() + " --frechet-images 8 --against " +
          trained() + "/checkpoints/step-00000006/model.safetensors --pictures " +
          (folder / "pictures").string() + " --json " + out.string());
  expect_ok(result);
  for (const char* text :
       {"mid_block", "neg mass", "6 images, mean over t 0.2 to 0.8", "6 samples", "last projection",
        "paired by image", "without the 2 strongest tokens", "Frechet distance of 8 samples"}) {
    EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
  }
  const json all = read_json(out);
  EXPECT_EQ(all.at("conditions").size(), 4U);
  EXPECT_EQ(all["conditions"][0]["source"], "images");
  EXPECT_NEAR(all["conditions"][0]["timestep"].get<double>(), 999 * 0.2, 1e-4);
  EXPECT_GT(all["conditions"][0]["loss"].get<double>(), 0);
  EXPECT_EQ(all["conditions"][3]["source"], "samples");
  EXPECT_EQ(all["tokens"].size(), 18U);
  EXPECT_EQ(all["against"]["layers"].size(), 3U);
  EXPECT_NE(all["comparison"]["images"]["all"]["entropy"]["difference"].get<double>(), 0);
  EXPECT_EQ(all["suppress"]["top_tokens"][0].size(), 2U);
  EXPECT_GT(all["suppress"]["frechet"]["without_top"].get<double>(), 0);
  EXPECT_TRUE(all["definitions"].contains("effective_rank"));
  size_t pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "pictures")) {
    EXPECT_TRUE(inspect_png(entry.path()).has_value()) << entry.path();
    ++pictures;
  }
  EXPECT_EQ(pictures, 2 * (5 + 5 + 4 + 1) + 2U);
}

TEST(Inspect, SameNumbersWhateverTheChunk) {
  const auto numbers = [&](const std::string& chunk) {
    const auto out = files() / ("chunk" + chunk + ".json");
    expect_ok(run("uvic-inspect " + files().checkpoint() + " --over images --num 4 --times 0.5 --chunk " +
                  chunk + " --json " + out.string()));
    return read_json(out)["layers"][1]["heads"][1];
  };
  const json small = numbers("1"), large = numbers("1000");
  for (const auto& [key, value] : small.items())
    EXPECT_NEAR(value.get<double>(), large.at(key).get<double>(), 1e-9) << key;
}

TEST(Inspect, FollowsARun) {
  const auto out = files() / "series.json";
  const auto result = run("uvic-inspect --checkpoints " + trained() +
                          " --num 4 --times 0.5 --device cpu --threads 2 --quiet" + " --pictures " +
                          (files() / "series").string() + " --json " + out.string());
  expect_ok(result);
  const json checkpoints = read_json(out).at("checkpoints");
  ASSERT_EQ(checkpoints.size(), 3U);
  EXPECT_EQ(checkpoints[0]["step"], 2);
  EXPECT_EQ(checkpoints[2]["step"], 6);
  EXPECT_NE(checkpoints[0]["layers"][1]["heads"][0]["entropy"],
            checkpoints[2]["layers"][1]["heads"][0]["entropy"]);
  EXPECT_TRUE(inspect_png(files() / "series" / "blocks-steps-negative_mass.png").has_value());
}

TEST(Inspect, OneLineForBadInput) {
  const std::string checkpoint = "uvic-inspect " + files().checkpoint();
  expect_usage_error("uvic-inspect", "give --checkpoint W, or --checkpoints RUN");
  expect_usage_error("uvic-inspect --checkpoints " + (files() / "data").string(), "is no run directory");
  expect_usage_error("uvic-inspect --checkpoint " + (files() / "none").string(), "none");
  expect_usage_error(checkpoint + " --times 2", "--times: must be above 0 and at most 1");
  expect_usage_error(checkpoint + " --suppress-top 10", "--suppress-top 10: as many others");
  expect_usage_error(checkpoint + " --suppress-top 1 --over samples", "--suppress-top: its losses");
  expect_usage_error(checkpoint + " --data " + (files() / "nowhere").string(), "nowhere");
  expect_usage_error(checkpoint + " --json " + (files() / "no" / "x.json").string(), "--json");
  expect_usage_error(
      checkpoint + " --against " + testing::fixture("weights_uvic_uncond.safetensors").string(),
      "weights_uvic_uncond.safetensors");
}

}  // namespace
}  // namespace uvic
