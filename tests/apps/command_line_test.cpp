// Options of the executables: each is named in --help and does something.
#include <gtest/gtest.h>

#include "io/npz.h"
#include "io/png.h"
#include "support/eval_files.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

const TrainedRun& files() {
  static const TrainedRun files;
  return files;
}

std::string digest(const std::string& text) {
  return std::to_string(std::hash<std::string>{}(text));
}

// stdout, exit code and every file below `folder`.
std::string observe(const std::string& command, const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  const auto result = run(command);
  std::map<std::string, std::string> seen;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    const bool volatile_file = name.find("events.") != std::string::npos || name.ends_with(".jsonl");
    seen[name] = entry.is_regular_file() && !volatile_file ? digest(testing::read_bytes(entry.path())) : "";
  }
  std::string text =
      c10::str("exit ", result.code, "\n", result.out, result.err.empty() ? "quiet" : "talks", "\n");
  for (const auto& [name, value] : seen) text += name + " " + value + "\n";
  return text;
}

struct Option {
  std::string name, arguments;
};

void expect_each_does_something(const std::string& base, const fs::path& folder,
                                const std::string& help_command, const std::vector<Option>& options) {
  const std::string plain = observe(base, folder);
  EXPECT_EQ(plain.substr(0, 7), "exit 0\n") << run(base).err;
  const std::string help = run(help_command).out;
  for (const auto& option : options) {
    EXPECT_NE(help.find(option.name), std::string::npos) << option.name << " is not in --help";
    EXPECT_NE(observe(base + " " + option.name + " " + option.arguments, folder), plain) << option.name;
  }
  // No option in --help is missing from the table.
  for (size_t at = help.find("  --"); at != std::string::npos; at = help.find("  --", at + 1)) {
    const size_t end = help.find_first_of(" ,\n", at + 2);
    const std::string name = help.substr(at + 2, end - at - 2);
    const bool tested =
        std::any_of(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
    EXPECT_TRUE(tested || name == "--help" || base.find(name + " ") != std::string::npos)
        << name << " is not in the table";
  }
}

// Those that uvic-sample and `uvic-fid dump` share, and `more`. Some are refused alone: what they need is not
// set.
std::vector<Option> with_sampling_options(const std::vector<Option>& more) {
  std::vector<Option> options = {{"--weights", "raw"},
                                 {"--labels", "1"},
                                 {"--dry-run", ""},
                                 {"--config", (files() / "alternative.yaml").string()},
                                 {"--print-config", ""},
                                 {"--solver", "dpmpp_2m"},
                                 {"--steps", "5"},
                                 {"--cfg", "2"},
                                 {"--batch-size", "3"},
                                 {"--t-end", "0.01"},
                                 {"--time-grid", "logSNR"},
                                 {"--rho", "3"},
                                 {"--eta", "0.5"},
                                 {"--s-churn", "2"},
                                 {"--s-tmin", "1"},
                                 {"--s-tmax", "5"},
                                 {"--s-noise", "2"},
                                 {"--guidance-interval", "0.2,0.6"},
                                 {"--guidance-rescale", "0.7"},
                                 {"--guide-checkpoint", (files() / "run").string() + " --guide-weights raw"},
                                 {"--guide-weights", "raw"},  // refused without a guide
                                 {"--ema-width", "0.08"},
                                 {"--precision", "bf16"},
                                 {"--clip-x0", ""},
                                 {"--device", "cuda"},
                                 {"--threads", "1"},
                                 {"--quiet", ""}};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

TEST(CommandLine, EveryOptionOfSample) {
  const fs::path folder = files() / "s";
  const std::string out = (folder / "o.png").string();
  const std::string base = "uvic-sample --checkpoint " + (files() / "run").string() +
                           " --seeds 0-7 --set sample.cfg=1.5 --out " + out;
  expect_each_does_something(base, folder, "uvic-sample --help",
                             with_sampling_options({{"--version", ""},
                                                    {"--grid", "2x4"},
                                                    {"--class", "2"},
                                                    {"--class-per-row", "--grid 4x2"},
                                                    {"--raw", (folder / "o.npy").string()},
                                                    {"--images", (folder / "images").string()},
                                                    {"--save-steps", "2"}}));
}

TEST(CommandLine, EveryOptionOfDump) {
  const fs::path folder = files() / "d";
  const std::string base = "uvic-fid dump --checkpoint " + (files() / "run").string() +
                           " --seeds 0-3 --out " + (folder / "o").string() + " --set sample.cfg=1.5";
  expect_each_does_something(
      base, folder, "uvic-fid dump --help",
      with_sampling_options({{"--format", "subdirs"},
                             {"--subdirs", ""},
                             {"--shard", "0/2"},
                             {"--encoders", "999"},  // refused; how many there are must not show
                             {"--num", "3"}}));      // refused beside --seeds
}

TEST(CommandLine, EveryOptionOfMergeAndVerify) {
  const std::string dump = (files() / "v").string();
  expect_ok(run("uvic-fid dump " + files().checkpoint() + " --num 4 --out " + dump));
  const fs::path folder = files() / "m";
  expect_each_does_something("uvic-fid merge " + (folder / "o").string() + " " + dump, folder,
                             "uvic-fid merge --help", {{"--format", "zip"}, {"--quiet", ""}});
  expect_each_does_something("uvic-fid verify --count 2 " + dump, folder, "uvic-fid verify --help",
                             {{"--count", "3"},
                              {"--seed", "3"},
                              {"--checkpoint", "/nowhere"},
                              {"--device", "cuda"},
                              {"--threads", "x"},
                              {"--quiet", ""}});
}

std::string network(const std::string& name) {
  return testing::plain_network(files() / name).string();
}
std::string stats(const std::string& name) {
  return testing::write_eval_stats(files() / name).string();
}

// Its features tell how many images it was given at once.
std::string counting_network() {
  return testing::script_network(files() / "counts.pt",
                                 "def forward(self, x):\n  return x.float().mean([2, 3]) * x.size(0)\n")
      .string();
}
std::string ten_images(uint64_t seed) {
  at::manual_seed(seed);
  const fs::path file = files() / ("ten" + std::to_string(seed) + ".npz");
  save_npz(file, {{"arr_0", at::randint(256, {10, 8, 8, 3}, at::kByte)}});
  return file.string();
}

TEST(CommandLine, EveryOptionOfStats) {
  const fs::path folder = files() / "st";
  expect_each_does_something("uvic-fid stats " + ten_images(1) + " --features " + counting_network() +
                                 " --out " + (folder / "s.npz").string(),
                             folder, "uvic-fid stats --help",
                             {{"--mu-dtype", "float32"},
                              {"--save-features", ""},
                              {"--batch-size", "3"},
                              {"--workers", "0"},  // refused
                              {"--device", "cuda"},
                              {"--threads", "9999"},  // refused
                              {"--quiet", ""}});
}

TEST(CommandLine, EveryOptionOfScore) {
  expect_each_does_something(
      "uvic-fid score " + ten_images(1) + " " + ten_images(2) + " --features " + counting_network(),
      files() / "sc", "uvic-fid score --help",
      {{"--metrics", "fid"},
       {"--json", ""},
       {"--batch-size", "3"},
       {"--workers", "0"},  // refused
       {"--device", "cuda"},
       {"--threads", "9999"},  // refused
       {"--quiet", ""}});
}

TEST(CommandLine, EveryOptionOfTrain) {
  const fs::path folder = files() / "t";
  const std::string base =
      "uvic-train --config " + (files() / "config.yaml").string() + " --out " + (folder / "o").string() +
      " --set train.grad_clip=100 --set data.val_fraction=0.25 --set train.eval_interval=6" +
      " --set train.eval_images=4 --set train.eval_stats=" + stats("s.npz") +
      " --set train.eval_features=" + network("a.pt");
  expect_each_does_something(base, folder, "uvic-train --help",
                             {{"--version", ""},
                              {"--init-from", (files() / "run").string()},
                              {"--dry-run", ""},
                              {"--print-config", ""},
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
                              {"--log-interval", "1"},
                              {"--sample-interval", "2"},
                              {"--checkpoint-interval", "1"},
                              {"--val-interval", "1"},
                              {"--val-images", "3"},
                              {"--eval-interval", "3"},
                              {"--eval-images", "3"},
                              {"--eval-stats", stats("t.npz")},
                              {"--eval-features", network("b.pt")},
                              {"--device", "cuda"},
                              {"--threads", "1"},
                              {"--quiet", ""},
                              {"--restart", ""}});
}

TEST(CommandLine, EveryOptionOfConvert) {
  const fs::path folder = files() / "c";
  const std::string base =
      "uvic-convert " + (files() / "run").string() + " " + (folder / "o.safetensors").string();
  testing::write_bytes(files() / "alternative.yaml", "sample: {steps: 11}\n");
  expect_each_does_something(base, folder, "uvic-convert --help",
                             {{"--version", ""},
                              {"--dtype", "bf16"},
                              {"--weights", "raw"},
                              {"--ema-width", "0.08"},
                              {"--config", (files() / "alternative.yaml").string()},
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
  for (const char* program : {"uvic-train", "uvic-sample", "uvic-fid", "uvic-convert"}) {
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
