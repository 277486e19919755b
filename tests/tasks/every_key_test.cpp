// Every key of the configuration does something: each is changed in turn, and what a run computes, writes or
// uses changes.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/function.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/config.h"
#include "core/errors.h"
#include "core/log.h"
#include "data/open.h"
#include "io/png_decode.h"
#include "nn/parameter_shapes.h"
#include "nn/parameters.h"
#include "nn/uvit.h"
#include "recipe/layout.h"
#include "sampling/sampler.h"
#include "support/diffusion_run.h"
#include "support/eval_files.h"
#include "support/folder_set.h"
#include "support/tiny_run.h"
#include "tasks/diffusion/check_data.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using at::Tensor;

size_t threads_of_this_process() {
  return size_t(std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator{}));
}

// Names of the autograd graph's nodes, to see gradient checkpointing.
std::string graph_of(const Tensor& root) {
  std::set<torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> open = {root.grad_fn().get()};
  std::set<std::string> names;
  while (!open.empty()) {
    auto* node = open.back();
    open.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    names.insert(node->name());
    for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  std::string text;
  for (const auto& name : names) text += name + " ";
  return text;
}

std::string digest(const Tensor& tensor) {
  const Tensor bytes = tensor.detach().contiguous();
  return std::to_string(
      std::hash<std::string>{}({static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()}));
}

// A line of metrics.jsonl without what depends on the machine's speed.
std::string steady(const std::string& line) {
  auto json = nlohmann::json::parse(line);
  json.erase("images_per_second");
  json.erase("data_wait_fraction");
  return json.dump();
}

// Whether a prepared image is kept: asked for again, it comes although its files are gone.
bool kept_in_memory(const DiffusionConfig& config) {
  const auto data = open_data(config.data, config.model.image_shape()).train;
  data->image(0);
  const fs::path away = config.data.path + ".away";
  fs::rename(config.data.path, away);
  bool kept = true;
  try {
    data->image(0);
  } catch (const std::exception&) {
    kept = false;
  }
  fs::rename(away, config.data.path);
  return kept;
}

// Everything observable about a tiny run with `config`, but for the copies of the configuration itself.
std::string observe_run(const DiffusionConfig& config) {
  const testing::TemporaryDirectory directory;
  const DataSets data = open_data(config.data, config.model.image_shape());
  const size_t threads_before = threads_of_this_process();
  std::string seen;
  {
    // Of an endless stream: workers with nothing left to prepare would end before they are counted.
    DataLoader loader(data.train, config.data, 1, whole_batches(2), 0, 1000000);
    seen += c10::str("workers ", threads_of_this_process() - threads_before, "\n");
  }
  testing::train(config, directory / "run");
  testing::DiffusionState state(config);
  load_checkpoint(state, latest_checkpoint(directory / "run"));
  for (const auto& [name, tensor] : named_weights(*state.model)) seen += name + " " + digest(tensor) + "\n";
  for (size_t i = 0; i < state.ema->size(); ++i) {
    for (const Tensor& tensor : state.ema->weights(i)) seen += digest(tensor) + "\n";
  }
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory / "run")) {
    if (entry.path().filename().string().starts_with("events.")) continue;
    std::string line = fs::relative(entry.path(), directory.path()).string();
    // Its pixels: the record beside them names the directory, and every key whether it does anything or not.
    if (entry.path().extension() == ".png") line += " " + digest(decode_png(testing::read_bytes(entry)));
    files.insert(line);
  }
  for (const auto& file : files) seen += file + "\n";
  std::ifstream metrics(directory / "run/metrics.jsonl");
  for (std::string line; std::getline(metrics, line);) seen += steady(line) + "\n";

  int64_t calls = 0;
  const Network plain = inference_network(*state.model, config.sample.precision, c10::kCPU);
  const Network counted = [&](const Tensor& x, const Tensor& t, const Condition& c) {
    seen += c10::str("call of ", x.size(0), " images\n");
    ++calls;
    return plain(x, t, c);
  };
  Generator generator = generator_of(*state.model, config.sample.precision, c10::kCPU);
  generator.network = counted;
  const Sampler sampler(generator, config.diffusion, config.sample);
  SampleRequest request{{0, 1, 2, 3, 4}, {}};
  if (config.model.conditional()) request.labels = {0, 1, 2, 3, 0};
  seen += digest(sampler.sample(request)) + "\n";
  seen += c10::str("evaluations ", sampler.plan().evaluations, " calls ", calls, "\n");

  const Tensor y = state.model->forward(at::zeros({1, 1, 8, 8}), at::zeros({1}),
                                        config.model.conditional() ? at::zeros({1}, at::kLong) : Tensor());
  return seen + graph_of(y) + "\n";
}

// The same, or how it is refused.
std::string observe(const DiffusionConfig& config) {
  try {
    return observe_run(config);
  } catch (const UsageError& error) {
    return error.what();
  }
}

// A different valid value for each key; "" where only one value exists yet (then any other must be refused).
const std::map<std::string, std::string> kOther = {
    {"model.img_size", "[4, 16]"},  // refused by the data, see below
    {"model.patch_size", "4"},
    {"model.in_chans", "3"},  // refused by the data, see below
    {"model.embed_dim", "32"},
    {"model.depth", "4"},
    {"model.num_heads", "4"},
    {"model.mlp_ratio", "2"},
    {"model.qkv_bias", "true"},
    {"model.mlp_time_embed", "true"},
    {"model.num_classes", "6"},
    {"model.null_label", "none"},  // see below
    {"model.conv", "false"},
    {"model.skip", "false"},
    {"model.clip_dim", "24"},
    {"model.num_clip_token", "7"},  // refused by the data, see below
    {"model.attention", "softmax"},
    {"model.softmax_layers", "none"},
    {"model.qk_norm", "true"},
    {"model.attention_gate", "true"},
    {"model.attention_kernel", "unfused"},
    {"model.use_checkpoint", "true"},
    {"diffusion.schedule", "vp_cosine"},
    {"diffusion.beta_min", "0.5"},
    {"diffusion.beta_max", "10"},
    {"diffusion.sigma_min", "0.1"},
    {"diffusion.sigma_max", "20"},
    {"diffusion.zero_terminal_snr", "true"},
    {"diffusion.prediction", "x0"},
    {"diffusion.sigma_data", "1"},
    {"diffusion.loss", "min_snr"},
    {"diffusion.snr_gamma", "1"},
    {"diffusion.time_sampling", "stratified"},
    {"diffusion.p_mean", "0"},
    {"diffusion.p_std", "0.5"},
    {"diffusion.logit_mean", "1"},
    {"diffusion.logit_std", "0.5"},
    {"diffusion.p_uncond", "0.9"},
    {"data.kind", "folder"},
    {"data.path", "OTHER"},
    {"data.val_path", "OTHER"},
    {"data.val_fraction", "0.25"},
    {"data.captions", "beside"},
    {"data.random_flip", "true"},
    {"data.crop", "random"},
    {"data.crop_box", "[2, 2, 14, 14]"},
    {"data.background", "[0, 0, 0]"},
    {"data.max_pixels", "100"},
    {"data.on_error", "skip"},
    {"data.cache", "never"},
    {"data.workers", "5"},
    {"optimizer.kind", "muon"},
    {"optimizer.momentum", "0.5"},
    {"optimizer.lr", "0.02"},
    {"optimizer.weight_decay", "0.5"},
    {"optimizer.betas", "[0.5, 0.9]"},
    {"optimizer.eps", "0.1"},
    {"optimizer.warmup_steps", "3"},
    {"optimizer.schedule", "cosine"},
    {"train.steps", "7"},
    {"train.batch_size", "6"},
    {"train.grad_accum", "2"},
    {"train.precision", "bf16"},
    {"train.grad_clip", "0.01"},
    {"train.ema", "[0.9, 0.5]"},
    {"train.ema_warmup", "ramp"},
    {"train.ema_widths", "[0.05, 0.1]"},
    {"train.snapshot_interval", "2"},
    {"train.seed", "4"},
    {"train.keep", "1"},
    {"train.keep_every", "2"},
    {"train.log_interval", "1"},
    {"train.sample_interval", "2"},
    {"train.checkpoint_interval", "1"},
    {"train.allow_new_data", "true"},  // see below
    {"train.val_interval", "3"},
    {"train.val_images", "3"},
    {"train.eval_interval", "3"},
    {"train.eval_images", "3"},
    {"train.eval_stats", "OTHER_STATS"},
    {"train.eval_features", "OTHER_NETWORK"},
    {"sample.solver", "dpmpp_2m"},
    {"sample.steps", "5"},
    {"sample.cfg", "3"},
    {"sample.guidance_interval", "[0.2, 0.6]"},
    {"sample.guidance_rescale", "0.7"},
    {"sample.batch_size", "3"},
    {"sample.t_end", "0.01"},
    {"sample.time_grid", "logSNR"},
    {"sample.rho", "3"},
    {"sample.eta", "0.5"},
    {"sample.s_churn", "2"},
    {"sample.s_tmin", "50"},
    {"sample.s_tmax", "0.01"},
    {"sample.s_noise", "1.5"},
    {"sample.precision", "bf16"},
    {"sample.clip_x0", "true"},
    {"preview.solver", "euler_maruyama_ode"},
    {"preview.steps", "4"},
    {"preview.cfg", "50"},
    {"preview.images", "5"},
};

// What must be set for a key to be read at all.
const std::map<std::string, std::vector<std::string>> kNeeds = {
    {"diffusion.sigma_min", {"diffusion.schedule=edm", "diffusion.prediction=edm", "sample.solver=heun"}},
    {"diffusion.sigma_max", {"diffusion.schedule=edm", "diffusion.prediction=edm", "sample.solver=heun"}},
    {"diffusion.zero_terminal_snr",
     {"diffusion.schedule=scaled_linear", "diffusion.prediction=v", "sample.solver=ddim"}},
    {"diffusion.sigma_data", {"diffusion.prediction=edm"}},
    {"diffusion.snr_gamma", {"diffusion.loss=soft_min_snr"}},
    {"diffusion.p_mean", {"diffusion.time_sampling=log_normal"}},
    {"diffusion.p_std", {"diffusion.time_sampling=log_normal"}},
    {"diffusion.logit_mean", {"diffusion.time_sampling=logit_normal"}},
    {"diffusion.logit_std", {"diffusion.time_sampling=logit_normal"}},
    {"optimizer.momentum", {"optimizer.kind=muon"}},
    {"train.snapshot_interval", {"train.ema_widths=[0.1]"}},
    {"sample.guidance_interval", {"sample.cfg=3"}},
    {"sample.guidance_rescale", {"sample.cfg=3"}},
    {"sample.rho", {"sample.solver=heun"}},
    {"sample.s_churn", {"sample.solver=heun"}},
    {"sample.s_tmin", {"sample.solver=heun", "sample.s_churn=2"}},
    {"sample.s_tmax", {"sample.solver=heun", "sample.s_churn=2"}},
    {"sample.s_noise", {"sample.solver=heun", "sample.s_churn=2"}},
};

const std::set<std::string> kOfFolders = {"data.crop",       "data.crop_box", "data.background",
                                          "data.max_pixels", "data.on_error", "data.cache",
                                          "data.captions"};

std::vector<std::string> all_keys() {
  DiffusionConfig config;
  std::vector<std::string> keys;
  for (const Field& field : fields_of(config)) keys.push_back(field.key);
  return keys;
}

class EveryKey : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryKey, DoesSomething) {
  set_quiet(true);
  const testing::TemporaryDirectory directory;
  DiffusionConfig config = testing::tiny_config(testing::write_tiny_set(directory / "data"));
  config.train.grad_clip = 100;                         // so that only a smaller one changes anything
  if (GetParam().starts_with("sample.guide_")) return;  // of the executables: CommandLine.EveryOptionOfSample
  if (GetParam() == "train.on_save_error") return;      // of a full disk: Engine
  if (GetParam() == "train.shard_optimizer") return;    // of several processes: Engine, Ranks
  if (GetParam() == "train.cuda_graph") return;         // of GPUs, and changes no bit there: .ci/gpu-runs
  if (GetParam().starts_with("text.") || GetParam().starts_with("latents.") ||
      GetParam().starts_with("model.text_"))
    return;  // this network sees neither: StageKeys
  const auto entry = kOther.find(GetParam());
  ASSERT_NE(entry, kOther.end()) << "add " << GetParam() << " to this table";
  std::string other = entry->second;
  if (other.empty()) {
    EXPECT_THROW_WITH(set_field(fields_of(config), GetParam() + "=another"), UsageError, GetParam());
    return;
  }
  if (other == "OTHER") {
    other = (directory / "other").string();
    fs::create_directories(other);
    testing::write_set(other, 20, 8, 8, 4);
    fs::copy(directory / "other" / testing::kImages, directory / "other/t10k-images-idx3-ubyte");
    fs::copy(directory / "other" / testing::kLabels, directory / "other/t10k-labels-idx1-ubyte");
  }
  if (GetParam().starts_with("train.eval_")) testing::add_evaluation(config, directory.path());
  if (other == "OTHER_STATS") other = testing::write_eval_stats(directory / "other.npz", 1).string();
  if (other == "OTHER_NETWORK") {
    other = testing::script_network(directory / "other.pt",
                                    "def forward(self, x):\n  return x.flatten(1)[:, 60:64].float()\n")
                .string();
  }
  if (kOfFolders.contains(GetParam())) {
    config.data.kind = "folder";
    config.data.path = testing::write_folder_set(directory / "folder").string();
    if (GetParam() == "data.on_error") testing::damage_folder_set(directory / "folder");
  }
  if (GetParam() == "data.captions") {  // this model does not read them
    EXPECT_EQ(open_data(config.data, config.model.image_shape()).train->captions(), nullptr);
    set_field(fields_of(config), GetParam() + "=" + other);
    EXPECT_THROW_WITH(open_data(config.data, config.model.image_shape()), UsageError, "no .txt beside it");
    return;
  }
  if (GetParam() == "data.cache") {  // the images are the same either way
    EXPECT_TRUE(kept_in_memory(config));
    set_field(fields_of(config), GetParam() + "=" + other);
    EXPECT_FALSE(kept_in_memory(config));
    return;
  }
  if (GetParam() == "model.null_label") {
    set_field(fields_of(config), GetParam() + "=" + other);
    EXPECT_THROW_WITH(config.validate(), UsageError, "needs a null label; model.null_label is none");
    config.diffusion.p_uncond = 0;
    EXPECT_NO_THROW(config.validate());
    EXPECT_EQ(config.model.real_classes(),
              config.model.num_classes);  // the last row is a class like the others
    return;
  }
  if (GetParam() == "train.allow_new_data") {
    testing::train(config, directory / "run");
    config.train.steps = 7;
    fs::create_directories(directory / "other");
    testing::write_set(directory / "other", 20, 8, 8, 4);
    config.data.path = (directory / "other").string();
    EXPECT_THROW_WITH(testing::train(config, directory / "run"), UsageError, "24 images then, 20 now");
    set_field(fields_of(config), GetParam() + "=" + other);
    EXPECT_EQ(testing::train(config, directory / "run"), TrainOutcome::kFinished);
    return;
  }
  if (GetParam().starts_with("train.val_")) config.data.val_fraction = 0.25;
  if (GetParam() == "train.keep_every") config.train.keep = 1;  // more would keep all of so short a run
  if (GetParam() == "model.clip_dim") {                         // without context tokens it has no meaning
    config.model.num_clip_token = 7;
    const auto before_shapes = parameter_shapes(config.model);
    set_field(fields_of(config), GetParam() + "=" + other);
    EXPECT_NE(parameter_shapes(config.model), before_shapes);
    return;
  }
  if (const auto needs = kNeeds.find(GetParam()); needs != kNeeds.end()) {
    for (const std::string& assignment : needs->second) set_field(fields_of(config), assignment);
    // Alone it is refused, not ignored.
    DiffusionConfig alone = testing::tiny_config(directory / "data");
    set_field(fields_of(alone), GetParam() + "=" + other);
    if (!GetParam().starts_with("sample.guidance_")) {
      EXPECT_THROW_WITH(alone.validate(), UsageError, GetParam().substr(GetParam().find('.') + 1));
    }
  }
  const std::string before = observe(config);
  set_field(fields_of(config), GetParam() + "=" + other);
  if (GetParam() != "model.img_size" && GetParam() != "model.in_chans") config.validate();
  if (GetParam() == "model.img_size" || GetParam() == "model.in_chans") {
    EXPECT_THROW_WITH(
        check_data(open_data(config.data, config.model.image_shape()), config, config.model.image_shape()),
        UsageError, "model.img_size is");
    return;
  }
  EXPECT_NE(observe(config), before);
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryKey, ::testing::ValuesIn(all_keys()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(EveryKeyTable, TheSameRunLooksTheSame) {
  set_quiet(true);
  const testing::TemporaryDirectory directory;
  const DiffusionConfig config = testing::tiny_config(testing::write_tiny_set(directory / "data"));
  EXPECT_EQ(observe(config), observe(config));
}

}  // namespace
}  // namespace uvic
