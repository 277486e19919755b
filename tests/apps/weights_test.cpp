// Weights in and out: .pth, bare safetensors and our own files in every executable, other image sizes, and
// what is refused.
#include <gtest/gtest.h>

#include "io/npy.h"
#include "io/safetensors.h"
#include "io/save_pth.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using namespace testing;
using at::Tensor;

class Weights : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new TrainedRun;
    write_bytes(*files_ / "golden.yaml",
                "model: {img_size: 8, patch_size: 2, in_chans: 3, embed_dim: 48, depth: 6, num_heads: 4,\n"
                "        num_classes: -1}\n"
                "sample: {solver: ddim, steps: 4}\n");
  }
  static void TearDownTestSuite() { delete files_; }
  static std::string path(const std::string& name) { return (*files_ / name).string(); }
  static std::string own() { return path("run/checkpoints/step-00000006/ema-0.9.safetensors"); }
  static std::string train(const std::string& out) { return files_->train_command(out); }
  static ProcessResult sample(const std::string& weights, const std::string& options) {
    return run("uvic-sample --device cpu --threads 2 --checkpoint " + weights + " " + options);
  }
  /// float32 [n, C, H, W] of four seeds.
  static Tensor images(const std::string& weights, const std::string& options = "") {
    expect_ok(sample(weights, "--quiet --seeds 0-3 --raw " + path("x.npy") + " " + options));
    return load_npy(path("x.npy"));
  }
  static void convert(const std::string& arguments) { expect_ok(run("uvic-convert --quiet " + arguments)); }
  /// The tiny run's weights, changed, as a .pth with its configuration.
  static std::string changed(const std::function<void(TensorMap&)>& change) {
    SafeTensors weights = load_safetensors(own());
    change(weights.tensors);
    save_pth(path("changed.pth"), weights.tensors, weights.metadata);
    return path("changed.pth");
  }

 private:
  static TrainedRun* files_;
};
TrainedRun* Weights::files_ = nullptr;

TEST_F(Weights, GoldenPthAndSafetensorsGiveTheSameImages) {
  const std::string config = "--config " + path("golden.yaml");
  const Tensor from_pth = images(fixture("weights_uvic_uncond.pth"), config);
  EXPECT_TRUE(at::equal(from_pth, images(fixture("weights_uvic_uncond.safetensors"), config)));
  convert(fixture("weights_uvic_uncond.pth").string() + " " + path("g.safetensors") + " " + config);
  EXPECT_TRUE(at::equal(from_pth, images(path("g.safetensors"))));
  for (const char* ending : {"pth", "safetensors"}) {
    expect_ok(run("uvic-fid dump --quiet --num 2 --checkpoint " +
                  fixture(std::string("weights_uvic_uncond.") + ending).string() + " " + config + " --out " +
                  path(ending)));
  }
  EXPECT_TRUE(fs::exists(path("pth/000001.png")));
}

TEST_F(Weights, ARecordOfBareWeightsMakesTheSamePictureAgain) {
  const std::string weights = fixture("weights_uvic_uncond.pth");
  expect_ok(
      sample(weights, "--quiet --config " + path("golden.yaml") + " --seeds 1,2 --out " + path("1.png")));
  const std::string bytes = read_bytes(path("1.png"));
  const size_t begin = bytes.find("uvic-sample --checkpoint"), end = bytes.find("\",\"evaluations\"");
  ASSERT_NE(end, std::string::npos);
  expect_ok(run(bytes.substr(begin, end - begin) + " --quiet --out " + path("2.png")));
  EXPECT_EQ(read_bytes(path("2.png")), bytes);
}

TEST_F(Weights, AConvertedFileGivesTheSameImagesAndNeedsNoConfig) {
  const Tensor expected = images(path("run"));
  convert(path("run") + " " + path("a.pth"));
  EXPECT_TRUE(at::equal(images(path("a.pth")), expected));
  convert(path("a.pth") + " " + path("b.safetensors"));
  EXPECT_TRUE(at::equal(images(path("b.safetensors")), expected));
  const auto first = load_safetensors(own()), last = load_safetensors(path("b.safetensors"));
  EXPECT_EQ(last.metadata, first.metadata);
  for (const auto& [name, tensor] : first.tensors) EXPECT_TRUE(at::equal(last.tensors.at(name), tensor));
  convert(path("run") + " " + path("raw.safetensors") + " --weights raw");
  EXPECT_FALSE(at::equal(load_safetensors(path("raw.safetensors")).tensors.at("pos_embed"),
                         first.tensors.at("pos_embed")));
}

TEST_F(Weights, NumberTypesAreConvertedAndCannotOverflow) {
  const auto first = load_safetensors(own()).tensors;
  for (const auto& [name, dtype] :
       {std::pair{"fp16", at::kHalf}, {"bf16", at::kBFloat16}, {"fp32", at::kFloat}}) {
    for (const std::string ending : {"pth", "safetensors"}) {
      const std::string out = path(std::string(name) + "." + ending);
      convert(own() + " " + out + " --dtype " + name);
      for (const auto& [key, tensor] : load_tensor_file(out).tensors)
        EXPECT_TRUE(at::equal(tensor, first.at(key).to(dtype))) << key;
    }
    EXPECT_TRUE(images(path(std::string(name) + ".pth")).isfinite().all().item<bool>());
  }
  const std::string large =
      changed([](TensorMap& weights) { weights.at("norm.weight") = at::full({16}, 1e5F); });
  expect_usage_error("uvic-convert " + large + " " + path("o.pth") + " --dtype fp16",
                     "norm.weight has values up to 100000, too large for fp16");
  convert(large + " " + path("o.pth") + " --dtype bf16");
}

TEST_F(Weights, WithoutAnyConfigurationTheErrorSaysWhatToGive) {
  const std::string bare = fixture("weights_uvic_uncond.pth");
  expect_usage_error("uvic-sample --checkpoint " + bare,
                     "has no configuration inside; describe its model with --config F, or with --set "
                     "model.num_heads=N --set model.attention=cog or softmax; diffusion.* is the default");
  expect_usage_error("uvic-sample --set model.num_heads=4 --checkpoint " + bare,
                     "or with --set model.attention=cog or softmax;");
  expect_usage_error("uvic-fid dump --num 1 --out " + path("d") + " --checkpoint " + bare, "--config F");
  expect_usage_error("uvic-convert " + bare + " " + path("o.safetensors"), "--config F");
  expect_usage_error("uvic-convert --print-config " + bare, "has no configuration inside");
  EXPECT_FALSE(fs::exists(path("o.safetensors")));
  convert(bare + " " + path("bare.pth"));  // one bare file of another
  EXPECT_TRUE(load_tensor_file(path("bare.pth")).metadata.empty());
}

// Only the heads, the attention and the diffusion cannot be read off the shapes.
TEST_F(Weights, OfABareFileTheShapesTellTheModel) {
  const std::string bare = fixture("weights_uvic_uncond.pth");
  const std::string told = "--set model.num_heads=4 --set model.attention=cog --solver ddim --steps 4";
  const auto result = sample(bare, told + " --seeds 0-3 --raw " + path("t.npy"));
  expect_ok(result);
  EXPECT_NE(
      result.err.find("read off the shapes of the weights: model.img_size=[8], in_chans=3, embed_dim=48, "
                      "depth=6, num_classes=-1"),
      std::string::npos)
      << result.err;
  EXPECT_TRUE(at::equal(load_npy(path("t.npy")), images(bare, "--config " + path("golden.yaml"))));
  EXPECT_EQ(sample(bare, "--dry-run --config " + path("golden.yaml")).err.find("read off"),
            std::string::npos);
  expect_usage_error(
      "uvic-sample --dry-run --checkpoint " + bare + " --config " + path("golden.yaml") +
          " --set model.embed_dim=32 --set model.num_classes=11",
      "model.embed_dim is 32, but the weights have 48 (patch_embed.proj.weight [48, 3, 2, 2]); "
      "model.num_classes is 11, but the weights have -1 (no label_emb)");
}

TEST_F(Weights, AManyFoldMismatchNamesFiveAndCountsTheRest) {
  const std::string bad = changed([](TensorMap& weights) {
    for (auto& [name, tensor] : weights) {
      if (name.starts_with("in_blocks.0.m")) tensor = at::zeros({1});
      if (name.starts_with("out_blocks.0.m")) tensor = at::zeros({1});
    }
  });
  expect_usage_error("uvic-sample --checkpoint " + bad, "; and 3 more");
}

TEST_F(Weights, TheOptionOfTheGuideIsTheOneThatIsBlamed) {
  const std::string guided =
      "uvic-sample --cfg 2 --seeds 0 --checkpoint " + path("run") + " --out " + path("g.png");
  expect_usage_error(guided + " --guide-checkpoint /nowhere", "--guide-checkpoint /nowhere: no such file");
  expect_usage_error(guided + " --guide-checkpoint " + path("run") + " --guide-weights best",
                     "--guide-weights 'best' must be ema");
  expect_usage_error(guided + " --guide-checkpoint " + fixture("weights_uvic_uncond.pth").string(),
                     "--guide-checkpoint");
}

TEST_F(Weights, WhatAPointerOfGitLfsIsCalledWhereverWeightsAreRead) {
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 177000000\n";
  for (const char* name : {"l.pth", "l.safetensors", "l.yaml"}) write_bytes(path(name), pointer);
  const std::string text = ": this is a Git LFS pointer, not the file itself (git lfs pull fetches it)";
  for (const char* name : {"l.pth", "l.safetensors"}) {
    expect_usage_error("uvic-sample --checkpoint " + path(name), path(name) + text);
    expect_usage_error(train("lfs") + " --dry-run --init-from " + path(name), path(name) + text);
    expect_usage_error("uvic-convert " + path(name) + " " + path("o3.pth"), path(name) + text);
  }
  expect_usage_error("uvic-sample --checkpoint " + path("run") + " --config " + path("l.yaml"),
                     path("l.yaml") + text);
}

TEST_F(Weights, FineTunesToOtherClassesAndADryRunRefusesWhatTheRunRefuses) {
  const std::string from = " --init-from " + path("run"), data = path("data");
  for (const std::string set : {" --set model.num_classes=8", " --set model.num_classes=-1"}) {
    const auto dry = run(train("classes") + set + from + " --dry-run"),
               real = run(train("classes") + set + from + " --steps 2");
    expect_ok(dry);
    expect_ok(real);
    const std::string line = set.ends_with("8")
                                 ? "newly initialised: the 7 classes of label_emb (the weights have 4; "
                                   "the null label's row is kept)"
                                 : "left out: label_emb.weight, the label's place in pos_embed";
    EXPECT_NE(dry.out.find(line), std::string::npos) << dry.out;
    EXPECT_NE(real.err.find(line), std::string::npos) << real.err;
    fs::remove_all(path("classes"));
  }
  const std::string nan = changed([](TensorMap& weights) { weights.at("norm.bias")[0] = NAN; });
  for (const std::string& start : {from + " --set model.embed_dim=32", " --init-from " + nan}) {
    const auto dry = run(train("refused") + start + " --dry-run"), real = run(train("refused") + start);
    EXPECT_EQ(dry.code, 2);
    EXPECT_EQ(real.code, 2);
    EXPECT_EQ(dry.err, real.err);
    EXPECT_FALSE(fs::exists(path("refused")));
  }
}

// They are of the first start; a resume has its own.
TEST_F(Weights, AResumeDoesNotNeedTheWeightsItBeganWith) {
  convert(path("run") + " " + path("gone.pth"));
  expect_ok(run(train("resumed") + " --steps 2 --init-from " + path("gone.pth")));
  fs::remove(path("gone.pth"));
  expect_ok(run(train("resumed") + " --steps 4 --init-from " + path("gone.pth")));
}

TEST_F(Weights, WhatDoesNotFitIsListedByNameWhereverWeightsAreRead) {
  const std::string bad = changed([](TensorMap& weights) {
    weights.erase("norm.bias");
    weights["extra"] = at::zeros({2});
    weights.at("norm.weight") = at::zeros({3});
    weights.at("decoder_pred.bias")[1] = NAN;
  });
  for (const std::string& command :
       {"uvic-sample --checkpoint " + bad, "uvic-convert " + bad + " " + path("o.pth"),
        "uvic-fid dump --num 1 --out " + path("d2") + " --checkpoint " + bad,
        train("fresh") + " --init-from " + bad}) {
    const auto result = run(command);
    EXPECT_EQ(result.code, 2) << command;
    for (const char* text :
         {"changed.pth: the weights do not fit the model", "missing norm.bias [16]", "surplus extra [2]",
          "norm.weight is [3] where the model has [16]", "decoder_pred.bias holds a NaN or an infinity"}) {
      EXPECT_NE(result.err.find(text), std::string::npos) << command << "\n" << result.err;
    }
  }
  const std::string nan = changed([](TensorMap& weights) { weights.at("pos_embed")[0][3][2] = INFINITY; });
  expect_usage_error("uvic-sample --checkpoint " + nan, "pos_embed holds a NaN or an infinity");
  save_pth(path("bare.pth"), load_tensor_file(nan).tensors);
  expect_usage_error("uvic-convert " + path("bare.pth") + " " + path("o2.pth"), "pos_embed holds a NaN");
  write_bytes(path("evil.pth"), read_bytes(path("bare.pth")).substr(0, 500));
  expect_usage_error("uvic-sample --checkpoint " + path("evil.pth"),
                     "evil.pth: truncated or damaged: a ZIP archive ends in its directory, and at byte 500");
}

TEST_F(Weights, SamplesAtAnotherSizeThanTrained) {
  for (const auto& [size, grid] :
       {std::pair{"[8,12]", "4 x 6"}, {"[12,8]", "6 x 4"}, {"[16,16]", "8 x 8"}, {"[4,16]", "2 x 8"}}) {
    const auto result = sample(
        path("run"), std::string("--seeds 0-1 --raw ") + path("s.npy") + " --set model.img_size=" + size);
    expect_ok(result);
    EXPECT_NE(result.err.find(std::string("position embeddings interpolated from 4 x 4 patches to ") + grid),
              std::string::npos)
        << result.err;
    const Tensor raw = load_npy(path("s.npy"));
    EXPECT_EQ(c10::str(raw.sizes()),
              c10::str("[2, 1, ", std::string(size).substr(1, std::string(size).find(',') - 1), ", ",
                       std::string(size).substr(std::string(size).find(',') + 1)));
    EXPECT_TRUE(raw.isfinite().all().item<bool>());
  }
  EXPECT_EQ(sample(path("run"), "--seeds 0 --out " + path("s.png")).err.find("interpolated"),
            std::string::npos);
  expect_usage_error("uvic-sample --checkpoint " + path("run") + " --set model.patch_size=4",
                     "model.patch_size is 4, but the weights have 2 (patch_embed.proj.weight [16, 1, 2, 2])");
}

TEST_F(Weights, BareWeightsOfASquareGridAreInterpolatedToo) {
  const auto result =
      sample(fixture("weights_uvic_uncond.pth"),
             "--config " + path("golden.yaml") + " --set model.img_size=[6,8] --raw " + path("s.npy"));
  expect_ok(result);
  EXPECT_NE(result.err.find("from 4 x 4 patches to 3 x 4"), std::string::npos) << result.err;
}

TEST_F(Weights, FineTunesAtAnotherSizeAndConvertsToIt) {
  fs::create_directories(path("wide"));
  write_set(path("wide"), 24, 8, 12, 4);
  const std::string wide = " --set model.img_size=[8,12] --set data.path=" + path("wide");
  convert(path("run") + " " + path("start.pth"));
  const auto tuned = run(train("tuned") + wide + " --steps 2 --init-from " + path("start.pth"));
  expect_ok(tuned);
  EXPECT_NE(tuned.err.find("interpolated from 4 x 4 patches to 4 x 6, for images of 8 x 12"),
            std::string::npos)
      << tuned.err;
  EXPECT_EQ(images(path("tuned")).sizes(), at::IntArrayRef({4, 1, 8, 12}));

  convert(path("run") + " " + path("wide.safetensors") + " --set model.img_size=[8,12]");
  const auto weights = load_safetensors(path("wide.safetensors")).tensors;
  EXPECT_EQ(weights.at("pos_embed").sizes(), at::IntArrayRef({1, 26, 16}));
  EXPECT_TRUE(at::equal(weights.at("pos_embed").slice(1, 0, 2),
                        load_safetensors(own()).tensors.at("pos_embed").slice(1, 0, 2)));
  EXPECT_TRUE(
      at::equal(images(path("wide.safetensors")), images(path("run"), "--set model.img_size=[8,12]")));
}

TEST_F(Weights, UViTsCheckpointFoldersAreUnderstood) {
  fs::create_directories(path("500000.ckpt"));
  convert(path("run") + " " + path("500000.ckpt/nnet_ema.pth"));
  convert(path("run") + " " + path("500000.ckpt/nnet.pth") + " --weights raw");
  EXPECT_TRUE(at::equal(images(path("500000.ckpt")), images(path("run"))));
  EXPECT_TRUE(at::equal(images(path("500000.ckpt"), "--weights raw"), images(path("run"), "--weights raw")));
}

TEST_F(Weights, ATextModelSaysWhereContextsComeFrom) {
  const std::string text = " --set model.num_clip_token=7 --set model.clip_dim=24";
  expect_usage_error("uvic-sample --checkpoint " + path("run") + text,
                     "model.num_clip_token is 7, but the weights have 0 (no context_embed)");
  expect_usage_error("uvic-sample --checkpoint " + testing::fixture("model_uvic_text.safetensors").string() +
                         " --weights weight --set model.num_heads=4 --set model.attention=cog "
                         "--set model.img_size=8",
                     "takes 7 context tokens; --text-encoder names what makes them of prompts");
  expect_usage_error(train("text") + text, "model.num_clip_token: 7 context tokens");
  expect_usage_error(train("text") + text + " --dry-run", "model.num_clip_token: 7 context tokens");
}

TEST_F(Weights, ConvertRefusesWhatItCannotWrite) {
  const std::string convert = "uvic-convert " + path("run") + " ";
  expect_usage_error("uvic-convert", "INPUT is required");
  expect_usage_error("uvic-convert " + path("run"), "OUTPUT: give the file to write");
  expect_usage_error(convert + path("x.bin"), "must end in .safetensors or .pth");
  expect_usage_error(convert + "/nowhere/x.pth", "there is no folder /nowhere");
  expect_usage_error(convert + path("x.pth") + " --dtype fp8", "--dtype");
  expect_usage_error(convert + path("x.pth") + " --set model.dept=4", "did you mean 'model.depth'?");
  expect_usage_error(convert + path("x.pth") + " --set model.depth=4",
                     "model.depth is 4, but the weights have 2 (1 in_blocks)");
  expect_usage_error("uvic-convert /nowhere " + path("x.pth"), "/nowhere: no such file or folder");
  EXPECT_FALSE(fs::exists(path("x.pth")));
}

}  // namespace
}  // namespace uvic
