// Options of the executables: each is named in --help and does something.
#include <gtest/gtest.h>

#include "apps/option_effects.h"
#include "support/eval_files.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_effects;
using testing::expect_ok;
using testing::Option;
using testing::run;
using testing::TrainedRun;
using enum testing::Effect;

const TrainedRun& files() {
  static const TrainedRun files;
  return files;
}
std::string trained() {
  return (files() / "run").string();
}
std::string alternative_config() {
  testing::write_bytes(files() / "alternative.yaml", "sample: {steps: 11}\n");
  return (files() / "alternative.yaml").string();
}

// No machine has a hundred GPUs: what is said there depends on whether it has any.
Option absent_device() {
  const bool cuda = at::hasCUDA() && at::getNumGPUs() > 0;
  return {"--device", "cuda:99", kRefusal, "",
          std::string("--device cuda:99: ") + (cuda ? "this machine has" : "no CUDA device is available")};
}
// Later options win, and the number does not depend on the machine's cores.
Option threads() {
  return {"--threads", "3", kThreads, "--threads 1"};
}

// This model knows classes: what those do to one that reads is in text_test.cpp and latent_test.cpp.
std::vector<Option> text_options() {
  const std::string no_text = "knows classes, no text";
  return {{"--prompt", "red", kRefusal, "", no_text},
          {"--prompts", alternative_config(), kRefusal, "", no_text},
          {"--negative-prompt", "red", kRefusal, "", no_text},
          {"--text-encoder", "clip", kRefusal, "",
           "text.encoder: clip gives context tokens, but model.num_clip_token is 0"},
          {"--tokenizer", "bytes", kRefusal, "", "text.tokenizer: only text encoders (text.encoder) read it"},
          {"--vae", testing::fixture("vae_diffusers").string(), kRefusal, "",
           "has latents of 4 channels, but model.in_chans is 1"}};
}

// Those that uvic-sample and `uvic-fid dump` share, and `more`.
std::vector<Option> with_sampling_options(const std::vector<Option>& more) {
  // At a weight of 50 what guidance does shows in the bytes, although the network is hardly trained.
  const std::string churn = "--solver heun --s-churn 2";
  std::vector<Option> options = {
      {"--weights", "raw", kImages},
      {"--labels", "1", kImages},
      {"--dry-run", ""},
      {"--config", alternative_config(), kImages},
      {"--print-config", ""},
      {"--solver", "dpmpp_2m", kImages},
      {"--steps", "5", kImages},
      {"--cfg", "2", kImages},
      {"--batch-size", "3"},
      {"--t-end", "0.3", kImages},
      {"--time-grid", "logSNR", kImages},
      {"--rho", "3", kImages, "--solver heun"},
      {"--rho", "3", kRefusal, "", "sample.rho: is read only by time_grid karras"},
      {"--eta", "0.5", kImages},
      {"--s-churn", "2", kImages, "--solver heun"},
      {"--s-tmin", "50", kImages, churn},
      {"--s-tmax", "0.01", kImages, churn},
      {"--s-noise", "2", kImages, churn},
      {"--s-noise", "2", kRefusal, "", "s_noise: are read only where sample.s_churn is above 0"},
      {"--guidance-interval", "0.2,0.6", kImages},
      {"--guidance-rescale", "0.7", kImages},
      {"--guide-checkpoint", trained(), kImages},
      {"--guide-weights", "raw", kImages, "--guide-checkpoint " + trained()},
      {"--guide-weights", "raw", kRefusal, "", "sample.guide_weights: there is no sample.guide_checkpoint"},
      {"--ema-width", "0.08", kImages},
      {"--precision", "bf16", kImages},
      {"--clip-x0", "", kImages},
      absent_device(),
      threads(),
      {"--quiet", ""}};
  const auto text = text_options();
  options.insert(options.end(), text.begin(), text.end());
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

TEST(CommandLine, EveryOptionOfSample) {
  const fs::path folder = files() / "s";
  const std::string base = "uvic-sample --checkpoint " + trained() +
                           " --seeds 0-7 --set sample.cfg=50 --out " + (folder / "o.png").string();
  const std::string picture = (files() / "picture.png").string(), mask = (files() / "mask.png").string();
  save_png(picture, at::arange(64).view({1, 8, 8}).to(at::kByte));
  save_png(mask, at::eye(8).mul(255).view({1, 8, 8}).to(at::kByte));
  const std::string from = "--init-image " + picture, masked = from + " --mask " + mask;
  expect_effects(
      base, folder, "uvic-sample --help",
      with_sampling_options({{"--version", ""},
                             {"--grid", "8x1", kImages},
                             {"--class", "2", kImages},
                             {"--class-per-row", "", kImages, "--grid 4x2"},
                             {"--raw", (folder / "o.npy").string()},
                             {"--images", (folder / "images").string()},
                             {"--prompt-per-row", "", kRefusal, "", "needs --prompt or --prompts"},
                             {"--save-steps", "2"},
                             {"--init-image", picture, kImages},
                             {"--strength", "0.3", kImages, from},
                             {"--mask", mask, kImages, from},
                             {"--resample", "2", kImages, masked},
                             {"--resample-jump", "1", kImages, masked + " --resample 2"},
                             {"--sweep", "steps=2,3", kImages},
                             // What these do: reproduce_test.cpp.
                             {"--interpolate", "1,2", kRefusal, "", "--seeds excludes --interpolate"},
                             {"--frames", "3", kRefusal, "", "--frames requires --interpolate"},
                             {"--class-to", "1", kRefusal, "", "--class-to requires --interpolate"},
                             {"--prompt-to", "1", kRefusal, "", "--prompt-to requires --interpolate"},
                             {"--frame-rate", "5", kRefusal, "", "--frame-rate requires --interpolate"},
                             {"--stats", "s.npz", kRefusal, "", "--stats requires"},
                             {"--features", "f.pt", kRefusal, "", "--features requires --stats"},
                             {"--num", "5", kRefusal, "", "--num requires --stats"},
                             {"--reproduce", picture, kRefusal, "", "--set: the record of "},
                             {"--any-weights", "", kRefusal, "", "--any-weights requires --reproduce"}}));
}

TEST(CommandLine, EveryOptionOfDump) {
  const fs::path folder = files() / "d";
  const std::string dump =
      "uvic-fid dump --checkpoint " + trained() + " --set sample.cfg=50 --out " + (folder / "o").string();
  expect_effects(
      dump + " --seeds 0-15", folder, "uvic-fid dump --help",
      with_sampling_options({{"--format", "subdirs"},
                             {"--subdirs", ""},
                             {"--shard", "0/2"},
                             {"--encoders", "4", kThreads, "--encoders 1"},
                             {"--encoders", "999", kRefusal, "", "--encoders: Value 999 not in range"},
                             {"--num", "3", kRefusal, "", "--seeds excludes --num"}}));
  EXPECT_EQ(testing::observe(dump + " --num 3", folder).output,
            testing::observe(dump + " --seeds 0-2", folder).output);
  EXPECT_EQ(testing::observe(dump + " --num 3 --encoders 4", folder).output,
            testing::observe(dump + " --num 3", folder).output)
      << "how many encoders there are must not show";
}

TEST(CommandLine, EveryOptionOfInspect) {
  const fs::path folder = files() / "i";
  const std::string out = (folder / "o.json").string(), pictures = "--pictures " + (folder / "p").string();
  const std::string top = "--suppress-top 3",
                    stats = testing::write_eval_stats(files() / "stats.npz").string(),
                    features = testing::plain_network(files() / "plain.pt").string();
  const std::string base = "uvic-inspect --checkpoint " + trained() + " --num 5 --times 0.5 --json " + out;
  const auto array = [&](const std::string& option) {
    return Option{option, (folder / "x.npy").string(), kRefusal, "", option + " requires --inputs"};
  };
  const std::string both = top + " --stats " + stats + " --features " + features;
  expect_effects(base, folder, "uvic-inspect --help",
                 {{"--checkpoints", trained(), kRefusal, "", "excludes"},
                  {"--weights", "raw"},
                  {"--ema-width", "0.08"},
                  {"--against", trained()},
                  {"--kind", "cog"},
                  {"--over", "images"},
                  {"--data", (folder / "none").string(), kRefusal, "", "none"},
                  {"--num", "4"},
                  {"--seed", "3"},
                  {"--times", "0.4"},
                  {"--inputs", (folder / "x.npy").string(), kRefusal, "", "--inputs requires --timesteps"},
                  array("--timesteps"),
                  array("--labels"),
                  array("--context"),
                  {"--rank-images", "0"},
                  {"--chunk", "0", kRefusal, "", "--chunk"},
                  {"--suppress-top", "2"},
                  {"--draws", "2", kOutput, top},
                  {"--stats", stats + " --features " + features + " --frechet-images 6", kOutput, top},
                  {"--features", features, kRefusal, top, "--features requires --stats"},
                  {"--frechet-images", "8", kOutput, both + " --frechet-images 6"},
                  {"--json", (folder / "other.json").string()},
                  {"--pictures", (folder / "p").string()},
                  {"--patch", "0,1", kImages, pictures},
                  {"--map-image", "1", kImages, pictures},
                  {"--config", alternative_config()},
                  {"--set", "sample.solver=dpmpp_2m"},
                  {"--print-config", ""},
                  absent_device(),
                  threads(),
                  {"--quiet", ""},
                  {"--version", ""}});
}

TEST(CommandLine, EveryOptionOfMergeAndVerify) {
  const std::string dump = (files() / "v").string();
  expect_ok(run("uvic-fid dump " + files().checkpoint() + " --num 4 --out " + dump));
  const fs::path folder = files() / "m";
  expect_effects("uvic-fid merge " + (folder / "o").string() + " " + dump, folder, "uvic-fid merge --help",
                 {{"--format", "zip"}, {"--quiet", ""}});
  const std::string others = trained() + "/checkpoints/step-00000006/model.safetensors";
  expect_effects("uvic-fid verify --count 2 " + dump, folder, "uvic-fid verify --help",
                 {{"--count", "3"},
                  {"--seed", "3"},
                  {"--checkpoint", others, kRefusal, "", others + ": these are not the weights that made"},
                  absent_device(),
                  threads(),
                  {"--quiet", ""}});
}

std::string network(const std::string& name) {
  return testing::plain_network(files() / name).string();
}
std::string stats(const std::string& name) {
  return testing::write_eval_stats(files() / name).string();
}

// Its features tell how many images it was given at once, and it has work for every thread.
std::string counting_network() {
  return testing::script_network(files() / "counts.pt",
                                 "def forward(self, x):\n"
                                 "  work = torch.ones(1000000).exp().min() * 0\n"
                                 "  return x.float().mean([2, 3]) * x.size(0) + work\n")
      .string();
}
// A folder, which several workers can read, and of more images than they keep ready.
std::string forty_images(uint64_t seed) {
  at::manual_seed(seed);
  const fs::path folder = files() / ("forty" + std::to_string(seed));
  fs::create_directories(folder);
  for (int i = 0; i < 40; ++i) {
    save_png(folder / (std::to_string(i) + ".png"), at::randint(256, {3, 8, 8}, at::kByte));
  }
  return folder.string();
}

// What `forty_images` are to a model of that size.
std::string folder_config(const std::string& name, int size) {
  testing::write_bytes(files() / name, c10::str("data: {kind: folder}\nmodel: {img_size: ", size,
                                                ", in_chans: 3, num_classes: -1}\n"));
  return (files() / name).string();
}

std::vector<Option> with_feature_options(const std::vector<Option>& more) {
  std::vector<Option> options = {
      {"--batch-size", "3"},
      {"--workers", "4", kThreads, "--batch-size 1 --workers 1"},
      {"--workers", "0", kRefusal, "", "--workers: Value 0 not in range"},
      {"--on-error", "sometimes", kRefusal, "", "sometimes not in"},
      {"--config", folder_config("four.yaml", 4)},
      {"--set", "model.img_size=4", kOutput, "--config " + folder_config("six.yaml", 6)},
      {"--print-config", ""},
      absent_device(),
      threads(),
      {"--threads", "9999", kRefusal, "", "--threads: Value 9999 not in range"},
      {"--quiet", ""}};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

TEST(CommandLine, EveryOptionOfStats) {
  const fs::path folder = files() / "st";
  expect_effects("uvic-fid stats " + forty_images(1) + " --features " + counting_network() + " --out " +
                     (folder / "s.npz").string(),
                 folder, "uvic-fid stats --help",
                 with_feature_options({{"--mu-dtype", "float32"}, {"--save-features", ""}}));
}

TEST(CommandLine, EveryOptionOfScore) {
  expect_effects(
      "uvic-fid score " + forty_images(1) + " " + forty_images(2) + " --features " + counting_network(),
      files() / "sc", "uvic-fid score --help", with_feature_options({{"--metrics", "fid"}, {"--json", ""}}));
}

// The keys of `train` show in the run's config.yaml; what each does is EveryKey's business.
TEST(CommandLine, EveryOptionOfTrain) {
  const fs::path folder = files() / "t";
  const std::string base =
      "uvic-train --config " + (files() / "config.yaml").string() + " --out " + (folder / "o").string() +
      " --set train.grad_clip=100 --set data.val_fraction=0.25 --set train.eval_interval=6" +
      " --set train.eval_images=4 --set train.eval_stats=" + stats("s.npz") +
      " --set train.eval_features=" + network("a.pt");
  expect_effects(
      base, folder, "uvic-train --help",
      {{"--version", ""},
       {"--init-from", trained()},
       {"--init-weights", "raw", kOutput, "--init-from " + trained()},
       {"--dry-run", ""},
       {"--print-config", ""},
       {"--ab", "model.depth=2,4 --seeds 1", kOutput, "--steps 1"},
       {"--seeds", "4", kRefusal, "", "--seeds requires --ab"},  // its table tells speeds: ab_test.cpp
       {"--steps", "5"},
       {"--batch-size", "6"},
       {"--grad-accum", "2"},
       {"--precision", "bf16"},
       {"--grad-clip", "0.01"},
       {"--ema", "0.9,0.5"},
       {"--ema-warmup", "ramp"},
       {"--ema-widths", "0.2"},
       {"--snapshot-interval", "2"},
       {"--seed", "9"},
       {"--keep", "1"},
       {"--keep-every", "2"},
       {"--on-save-error", "fail"},  // what it decides: Engine
       {"--shard-optimizer", ""},    // what it does: Ranks
       {"--cuda-graph", "false"},    // what it does: .ci/gpu-runs
       {"--time-limit", "soon", kRefusal, "", "--time-limit soon: must be a time"},  // what it does: Stop
       {"--log-interval", "1"},
       {"--sample-interval", "2"},
       {"--checkpoint-interval", "1"},
       {"--allow-new-data", ""},  // what it allows: EveryKey
       {"--val-interval", "1"},
       {"--val-images", "3"},
       {"--eval-interval", "3"},
       {"--eval-images", "3"},
       {"--eval-stats", stats("t.npz")},
       {"--eval-features", network("b.pt")},
       absent_device(),
       threads(),
       {"--quiet", ""},
       {"--restart", "", kOutput, "", "", base}});
}

TEST(CommandLine, EveryOptionOfConvert) {
  const fs::path folder = files() / "c";
  const std::string base = "uvic-convert " + trained() + " " + (folder / "o.safetensors").string();
  expect_effects(base, folder, "uvic-convert --help",
                 {{"--version", ""},
                  {"--dtype", "bf16"},
                  {"--weights", "raw"},
                  {"--ema-width", "0.08"},
                  {"--config", alternative_config()},
                  {"--set", "sample.steps=12"},
                  {"--print-config", ""},
                  {"--quiet", ""}});
}

TEST(CommandLine, PrecedenceIsCheckpointConfigSetOption) {
  const std::string sample = "uvic-sample --print-config --checkpoint " + (files() / "run").string();
  const auto steps = [&](const std::string& options) {
    const std::string out = run(sample + options).out;
    const size_t section = out.find("sample:");
    const size_t at = out.find("  steps: ", section) + 9;
    return out.substr(at, out.find('\n', at) - at);
  };
  testing::write_bytes(files() / "precedence.yaml", "sample: {steps: 11}\n");
  const std::string file = " --config " + (files() / "precedence.yaml").string();
  EXPECT_EQ(steps(""), "4");
  EXPECT_EQ(steps(file), "11");
  EXPECT_EQ(steps(file + " --set sample.steps=12"), "12");
  EXPECT_EQ(steps(" --steps 13 --set sample.steps=12" + file), "13");
}

TEST(CommandLine, PrintConfigReadsBackEqual) {
  const auto first = run("uvic-train --print-config --config " + (files() / "config.yaml").string());
  testing::write_bytes(files() / "printed.yaml", first.out);
  EXPECT_EQ(run("uvic-train --print-config --config " + (files() / "printed.yaml").string()).out, first.out);
}

TEST(CommandLine, VersionSaysWhatThisIs) {
  for (const char* program : {"uvic-train", "uvic-sample", "uvic-fid", "uvic-convert", "uvic-lm"}) {
    const auto result = run(std::string(program) + " --version");
    expect_ok(result);
    for (const char* word : {"commit", "LibTorch 2.", "CUDA", "CPU capability"}) {
      EXPECT_NE(result.out.find(word), std::string::npos) << result.out;
    }
  }
}

TEST(CommandLine, DryRunSaysWhatARunNeedsAndWritesNothing) {
  const auto result = run(files().train_command("dry") + " --dry-run");
  expect_ok(result);
  for (const char* word :
       {"parameters", "FLOP an image", "memory: about", "disk: ", "24 images 1x8x8, 4 classes"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << result.out;
  }
  EXPECT_FALSE(fs::exists(files() / "dry"));
}

}  // namespace
}  // namespace uvic
