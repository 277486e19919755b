// Recipes inside weights files, and networks loaded by them.
#include "recipe/recipe.h"

#include <gtest/gtest.h>

#include <set>

#include "core/errors.h"
#include "io/safetensors.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "recipe/load_model.h"
#include "support/support.h"
#include "tasks/diffusion/config.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

DiffusionConfig tiny() {
  DiffusionConfig config;
  config.model = {.img_size = {8}, .embed_dim = 16, .depth = 2, .num_heads = 2, .num_classes = 5};
  config.sample.solver = "ddim";
  config.sample.steps = 2;
  return config;
}

/// Random weights with `yaml` inside, in `folder`.
fs::path save(const fs::path& folder, const std::string& yaml) {
  UViT model(tiny().model);
  save_safetensors(folder / "w.safetensors", named_weights(model), {{"uvic.config", yaml}});
  return folder / "w.safetensors";
}

// What a recipe passes over must be what training has besides it, neither more nor less.
TEST(Recipe, PassesOverTheSectionsOfTraining) {
  DiffusionConfig config = tiny();
  config.resolve();
  config.data.path = "some folder: #2";
  config.train.ema = {0.9, 0.99};
  const auto file = own_recipe({{"uvic.config", config.to_yaml()}}, "x");
  ASSERT_TRUE(file.has_value());
  EXPECT_TRUE(differing_keys(file->recipe, static_cast<const Recipe&>(config)).empty());
  EXPECT_EQ(file->to_yaml(), config.to_yaml());
  std::set<std::string> others;
  for (const FieldView& field : fields_of(std::as_const(config))) others.insert(field.key);
  for (const FieldView& field : fields_of(std::as_const(file->recipe))) others.erase(field.key);
  std::set<std::string> kept;
  for (const auto& [key, value] : file->training.values()) kept.insert(key);
  EXPECT_EQ(kept, others);
}

// As uvic-convert writes the published recipes, with their bases, into weights files.
TEST(Recipe, EveryConfigReadsBackFromAWeightsFile) {
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(UVIC_SOURCE) / "configs")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("cogformer") || name.find("_lm_") != std::string::npos) continue;  // language models
    RecipeFile file;
    load_yaml_file(fields_of(file.recipe), entry.path(), &file.training);
    file.recipe.resolve();
    const auto back = own_recipe({{"uvic.config", file.to_yaml()}}, entry.path().string());
    EXPECT_EQ(back->to_yaml(), file.to_yaml()) << entry.path();
    DiffusionConfig whole, direct;  // and training reads all of it
    load_yaml(fields_of(whole), file.to_yaml(), "x");
    load_yaml_file(fields_of(direct), entry.path());
    direct.resolve();
    EXPECT_TRUE(differing_keys(whole, direct).empty()) << entry.path();
    ++seen;
  }
  EXPECT_GT(seen, 20);
}

// The file says how it was trained; what is said while sampling cannot make a class of its null row.
TEST(Recipe, TheNullLabelIsWhatTheWeightsWereTrainedWith) {
  const testing::TemporaryDirectory folder;
  const auto without_key = [](std::string yaml) {  // as files of before the key
    const size_t at = yaml.find("  null_label");
    return yaml.erase(at, yaml.find('\n', at) + 1 - at);
  };
  DiffusionConfig config = tiny();
  const Overlay overlay{.apply = [](RecipeFile& file) { file.recipe.diffusion.p_uncond = 0; }};
  const fs::path guided = save(folder.path(), without_key(config.to_yaml()));
  EXPECT_EQ(find_model(guided, "ema").recipe().model.real_classes(), 4);
  EXPECT_EQ(find_model(guided, "ema", overlay).recipe().model.real_classes(), 4);
  config.diffusion.p_uncond = 0;
  const fs::path unguided = save(folder.path(), without_key(config.to_yaml()));
  EXPECT_EQ(find_model(unguided, "ema").recipe().model.real_classes(), 5);
  EXPECT_EQ(find_model(unguided, "ema").recipe().model.null_row(), -1);
  config.model.null_label = NullLabel::kNone;
  config.diffusion.p_uncond = 0.1;
  EXPECT_THROW_WITH(config.validate(), UsageError, "diffusion.p_uncond: 0.1 needs a null label");
}

TEST(LoadModel, TellsWhatIsMissing) {
  const testing::TemporaryDirectory folder;
  UViT model(tiny().model);
  save_safetensors(folder / "bare.safetensors", named_weights(model));
  EXPECT_THROW_WITH(load_model(folder / "bare.safetensors"), UsageError, "has no configuration inside");
  EXPECT_THROW_WITH(load_model(folder / "none"), UsageError, "no such file or folder");
  const LoadedModel loaded = load_model(save(folder.path(), tiny().to_yaml()));
  EXPECT_FALSE(loaded.model->is_training());
  EXPECT_TRUE(loaded.overrides.empty());
}

// A guide may be smaller and otherwise trained, but it sees and predicts the same.
TEST(LoadModel, AGuideMustSpeakOfTheSameThings) {
  const testing::TemporaryDirectory folder;
  fs::create_directories(folder / "g");
  DiffusionConfig guide = tiny();
  guide.diffusion.loss = LossKind::kMinSnr;
  guide.diffusion.snr_gamma = 2;
  const fs::path file = save(folder / "g", guide.to_yaml());
  DiffusionConfig config = tiny();
  config.sample.cfg = 2;
  config.sample.guide_checkpoint = file.string();
  EXPECT_NE(load_model(save(folder.path(), config.to_yaml())).guide, nullptr);
  guide.diffusion.prediction = PredictionKind::kX0;
  save(folder / "g", guide.to_yaml());
  EXPECT_THROW_WITH(load_model(save(folder.path(), config.to_yaml())), UsageError,
                    "diffusion.prediction is x0, but that of the network it is to guide is noise");
}

}  // namespace
}  // namespace uvic
