// Networks found in files as people have them.
#include "recipe/weights_file.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/safetensors.h"
#include "io/save_pth.h"
#include "support/pickled_networks.h"

namespace uvic {
namespace {

using testing::pickled_dict;
using testing::PickledNetworks;

class FileOfWeights : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "w.pth"; }
  /// The number that the network which `weights` picks is filled with.
  float value(const std::string& weights) const {
    const TensorFile read = WeightsFile(path(), weights).read();
    EXPECT_EQ(read.tensors.size(), parameter_shapes(testing::tiny_model()).size());
    return read.tensors.at("norm.weight")[0].item<float>();
  }
  std::string note(const std::string& weights = "ema") const { return WeightsFile(path(), weights).note(); }
  void expect_refused(const std::string& weights, const std::string& text) const {
    EXPECT_THROW_WITH(WeightsFile(path(), weights), UsageError, text);
  }
  static void expect_in(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(FileOfWeights, PrefixesAreTakenOffInAnyNesting) {
  const auto shapes = parameter_shapes(testing::tiny_model());
  for (const std::string prefix :
       {"", "module.", "_orig_mod.", "model.", "net.", "_orig_mod.module.", "model.module._orig_mod."}) {
    TensorMap tensors;
    for (const auto& [name, shape] : shapes) tensors[prefix + name] = at::zeros(shape);
    save_safetensors(folder_ / "w.safetensors", tensors);
    save_pth(path(), tensors);
    for (const char* file : {"w.safetensors", "w.pth"}) {
      const WeightsFile weights(folder_ / file, "ema");
      EXPECT_EQ(weights.shapes(), shapes);
      EXPECT_EQ(weights.note(), prefix.empty()
                                    ? ""
                                    : c10::str((folder_ / file).string(), ": the prefix \"", prefix,
                                               "\" was taken off the names of the weights"));
    }
  }
}

TEST_F(FileOfWeights, OthersBesideThemArePassedOverAndSurplusOnesAreNot) {
  PickledNetworks made;
  made.write(path(),
             made.dict(1, "module.", {{"n_averaged", made.tensor(3, {1})}, {"loss.w", made.tensor(3, {2})}}));
  EXPECT_EQ(value("ema"), 1);
  expect_in(note(), "; 2 other tensors passed over");
  made.write(path(), made.dict(1, "", {{"extra", made.tensor(3, {2})}}));
  EXPECT_TRUE(WeightsFile(path(), "ema").shapes().contains("extra"));
}

TEST_F(FileOfWeights, OfWeightsAndTheirAverageTheAverageUnlessRawIsAskedFor) {
  PickledNetworks made;
  const std::string optimizer = pickled_dict({{"state", pickled_dict({{"0", made.tensor(9, {2})}})}});
  made.write(path(), pickled_dict({{"model", made.dict(1, "module.")},
                                   {"ema", made.dict(2)},
                                   {"opt", optimizer},
                                   {"args", "cargparse\nNamespace\n)\x81}b"}}));
  for (const char* weights : {"ema", "ema"}) EXPECT_EQ(value(weights), 2);
  for (const char* weights : {"raw", "model", "model.module"}) EXPECT_EQ(value(weights), 1);
  expect_in(note(), "the weights are those under \"ema\"");
  expect_in(note(), "--weights takes another: model.module");
  expect_in(note("raw"), "under \"model\"; the prefix \"module.\" was taken off");
  expect_refused("best", "nothing in it is meant by --weights best, but it holds \"model.module\": ");
  expect_refused("opt", "but it holds \"model.module\": ");
  EXPECT_THROW_WITH(WeightsFile(path(), "best", "--init-from"), UsageError, "--init-weights best");
  EXPECT_THROW_WITH(WeightsFile(path(), "best", "--guide-checkpoint"), UsageError, "--guide-weights best");
}

TEST_F(FileOfWeights, AListOrADictOfSeveralSaysWhatIsInside) {
  PickledNetworks made;
  made.write(path(),
             "](" + made.dict(1) + pickled_dict({{"lr", "K\x01"}}) + "K\x03K\x64" + made.dict(2) + "e");
  const size_t count = parameter_shapes(testing::tiny_model()).size();
  const std::string each = c10::str(count, " tensors, patch_embed.proj.weight [16, 1, 2, 2]");
  expect_refused("ema",
                 "w.pth: a list of 5 (a dict, a dict, 3, 100, a dict); --weights 0 takes one of its 2 "
                 "networks, \"0\": " +
                     each + "; \"4\": " + each);
  EXPECT_EQ(value("0"), 1);
  EXPECT_EQ(value("4"), 2);
  made.write(path(), pickled_dict({{"teacher", made.dict(1)}, {"student", made.dict(2)}}));
  expect_refused("raw", "takes one of its 2 networks, \"teacher\": ");
  EXPECT_EQ(value("student"), 2);
}

TEST_F(FileOfWeights, WrappersOfAveragesAreLookedInto) {
  PickledNetworks made;
  const std::string online = made.dict(1, "online_model.", {{"initted", made.tensor(1, {1})}});
  std::string both = online.substr(0, online.size() - 1);
  both += made.dict(2, "ema_model.").substr(2);  // behind "}("
  made.write(path(), pickled_dict({{"step", "K\x05"}, {"ema", both}}));
  for (const char* weights : {"ema", "ema.ema_model"}) EXPECT_EQ(value(weights), 2);
  for (const char* weights : {"raw", "ema.online_model"}) EXPECT_EQ(value(weights), 1);

  // torch_ema and EMAModel keep a list, in the order of the weights beside it.
  const std::string ema = pickled_dict({{"decay", "N"}, {"shadow_params", made.list(2)}});
  made.write(path(), pickled_dict({{"model", made.dict(1)}, {"ema", ema}}));
  EXPECT_EQ(value("ema"), 2);
  EXPECT_EQ(value("raw"), 1);
  expect_in(note(), "under \"ema.shadow_params\"");
  made.write(path(), ema);
  expect_refused("ema", "there is no U-ViT in it, only ");
}

TEST_F(FileOfWeights, WithoutANetworkTheErrorSaysWhatThereIs) {
  PickledNetworks made;
  made.write(path(), pickled_dict({{"unet", pickled_dict({{"conv.weight", made.tensor(1, {2, 3})}})}}));
  expect_refused(
      "ema", "w.pth: a dict of 1 (unet); there is no U-ViT in it, only 1 tensor (unet.conv.weight [2, 3])");
  const std::string moments = pickled_dict({{"exp_avg", made.tensor(1, {2, 3})}});
  made.write(path(), pickled_dict({{"state", moments}, {"param_groups", "]"}}));
  expect_refused("ema", "this is an optimiser's state; the weights of the network are in another file");
  made.write(path(), pickled_dict({{"epoch", "K\x05"}}));
  expect_refused("ema", "a dict of 1 (epoch); there are no tensors in it");
  made.write(path(), "K\x05");
  expect_refused("ema", "w.pth: an int; there are no tensors");
  made.write(path(), pickled_dict({{"w", "ctorch._utils\n_rebuild_qtensor\n)R"}}));
  expect_refused("ema", "1 array of a kind that is not read (w)");
}

TEST_F(FileOfWeights, WhatIsDamagedElsewhereDoesNotMatter) {
  PickledNetworks made;
  testing::TensorText broken{{7}, {1}, 6};
  made.write(path(), pickled_dict({{"model", made.dict(1)}, {"other", pickled_dict({{"x", broken()}})}}));
  EXPECT_EQ(value("ema"), 1);
  made.write(path(), pickled_dict({{"model", made.dict(1, "", {{"x", broken()}})}}));
  expect_refused("ema", "tensor \"model.x\": it has more elements than its storage");
}

TEST(StoredNetwork, AveragesAreKnownByTheirNames) {
  for (const char* key :
       {"ema", "model_ema", "ema_0.9999", "state_dict.ema_model.module", "shadow_params", "EMA"})
    EXPECT_TRUE((StoredNetwork{.prefix = key + std::string(".")}).is_average()) << key;
  for (const char* key : {"", "model", "ema.online_model", "schema", "state_dict.net"})
    EXPECT_FALSE((StoredNetwork{.prefix = key + std::string(".")}).is_average()) << key;
}

}  // namespace
}  // namespace uvic
