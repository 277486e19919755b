// `bench_model [options] [-- PEER...]`: what an evaluation and a training step (forward, backward, clipping,
// AdamW, EMA) of whole networks cost, as a share of the rate at which this machine multiplies matrices, and
// beside PyTorch's where PEER runs tests/peer/uvit.py, in turn. Options: --device D, --size S,... (demo, S2,
// H2), --what train,sample, --precision fp32,bf16,int8 (int8 of `sample`, beside the peer's bf16), --batch
// N,... --rounds N, --kernel auto|fused|unfused, --profile N: where the time goes, N rows.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <sstream>

#include "core/device.h"
#include "core/errors.h"
#include "sampling/replayed.h"
#include "sampling/sampler.h"
#include "support/diffusion_run.h"
#include "tools/peer.h"
#include "tools/profile.h"

namespace uvic {
namespace {

using at::Tensor;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string device = "cpu", size = "demo,S2", what = "sample,train", precision = "fp32,bf16", batch = "8",
              kernel = "auto", rounds = "5", profile = "0";
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

ModelOptions options_of(const std::string& size) {
  ModelOptions o;
  const auto set = [&](int64_t chans, int64_t side, int64_t patch, int64_t dim, int64_t depth, int64_t heads,
                       int64_t labels) {
    o.in_chans = chans, o.img_size = {side}, o.patch_size = patch, o.embed_dim = dim, o.depth = depth;
    o.num_heads = heads, o.num_classes = labels;
  };
  if (size == "demo") {
    set(1, 28, 4, 128, 6, 4, 11);
  } else if (size == "S2") {
    set(3, 32, 2, 512, 12, 8, -1);
  } else {
    check_usage(size == "H2", "--size: ", size, "; it must be demo, S2 or H2");
    set(4, 32, 2, 1152, 28, 16, 1001);
  }
  return o;
}

// Of the matrix products of one image's evaluation; a training step has three times those.
double flops_of(const ModelOptions& o) {
  const double d = double(o.embed_dim), N = double(o.num_tokens()), blocks = double(o.depth) + 1;
  const double pixels = double(o.patch_size * o.patch_size * o.in_chans);
  const double linear = 2 * N * d * d * (4 + 2 * double(o.mlp_ratio)), skips = 2 * N * 2 * d * d;
  return blocks * (linear + 4 * N * N * d) + double(o.depth / 2) * skips + 4 * N * d * pixels;
}

void wait(c10::Device device) {
  if (device.is_cuda()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

double seconds(c10::Device device, int64_t repeats, const std::function<void()>& work) {
  wait(device);
  const auto began = Clock::now();
  for (int64_t i = 0; i < repeats; ++i) work();
  wait(device);
  return std::chrono::duration<double>(Clock::now() - began).count() / double(repeats);
}

// FLOP/s of a large product of matrices: the limit of what the networks can reach.
double gemm_rate(c10::Device device, const std::string& precision) {
  const int64_t side = device.is_cuda() ? 8192 : 2048;
  const auto dtype = precision == "fp32" ? at::kFloat : at::kBFloat16;
  const Tensor a = at::randn({side, side}, at::TensorOptions(device).dtype(dtype)), b = at::randn_like(a);
  double fastest = 1e9;
  for (int i = 0; i < 5; ++i)
    fastest = std::min(fastest, seconds(device, device.is_cuda() ? 10 : 1, [&] { at::matmul(a, b); }));
  return 2.0 * double(side) * double(side) * double(side) / fastest;
}

// One of our networks with its inputs.
class Ours {
 public:
  Ours(const std::string& size, const std::string& precision, int64_t batch, const Options& options)
      : device_(parse_device(options.device)) {
    DiffusionConfig config;
    config.model = options_of(size);
    config.model.attention_kernel = options.kernel;
    config.train.batch_size = batch;
    config.train.precision = without_int8(Choice<InferencePrecision>(precision));
    config.train.grad_clip = 1;
    state_.emplace(config, device_);
    const auto shape = config.model.image_shape();
    const auto random = [&] { return at::randn({batch, shape[0], shape[1], shape[2]}).to(device_); };
    inputs_ = {random(), random(), at::rand({batch}), {}};
    if (config.model.conditional())
      inputs_.condition.labels = at::randint(config.model.num_classes, {batch}, at::kLong).to(device_);
    times_ = at::rand({batch}).mul(999).to(device_);
    network_ =
        replayed(inference_network(*state_->model, Choice<InferencePrecision>(precision), device_), device_);
  }
  double train(int64_t repeats) {
    return seconds(device_, repeats, [&] { state_->train_step(inputs_); });
  }
  double sample(int64_t repeats) {
    return seconds(device_, repeats, [&] { network_(inputs_.x0, times_, inputs_.condition); });
  }

 private:
  c10::Device device_;
  std::optional<testing::DiffusionState> state_;
  StepInputs inputs_;
  Tensor times_;
  Network network_;
};

void bench(const Options& options, tools::Peer* peer) {
  const c10::Device device = parse_device(options.device);
  std::printf("%-28s %12s %10s %10s %8s %8s\n", "", "ms", "images/s", "TFLOP/s", "of GEMM", "of peer");
  for (const std::string& precision : split(options.precision)) {
    const double limit = gemm_rate(device, precision);
    std::printf("%-28s %34.3f\n", ("a matrix product, " + precision).c_str(), limit * 1e-12);
    for (const std::string& size : split(options.size)) {
      for (const std::string& batch : split(options.batch)) {
        Ours ours(size, precision, std::stoll(batch), options);
        for (const std::string& what : split(options.what)) {
          const bool training = what == "train";
          if (training && precision == "int8") continue;
          const auto once = [&](int64_t n) { return training ? ours.train(n) : ours.sample(n); };
          once(3);
          const auto repeats = std::max<int64_t>(1, int64_t(0.2 / once(1)));
          tools::Fastest fastest;
          for (int64_t i = 0; i < std::stoll(options.rounds); ++i) {
            fastest.add("ours", once(repeats));
            if (peer != nullptr)
              fastest.add("peer",
                          peer->run(what + " " + size + " " + (precision == "int8" ? "bf16" : precision) +
                                    " " + batch + " " + std::to_string(repeats)));
          }
          const double time = fastest.of("ours"), images = std::stod(batch) / time;
          const double rate = images * flops_of(options_of(size)) * (training ? 3 : 1);
          std::printf("%-28s %12.3f %10.1f %10.3f %7.0f%%",
                      (what + "/" + size + "/" + precision + "/B" + batch).c_str(), time * 1e3, images,
                      rate * 1e-12, 100 * rate / limit);
          if (peer != nullptr) std::printf(" %8.2f", time / fastest.of("peer"));
          std::printf("\n");
          if (const auto rows = std::stoul(options.profile); rows > 0)
            tools::print_profile(device, 3, rows, [&] { once(1); });
          std::fflush(stdout);
        }
      }
    }
  }
}

int run(int argc, char** argv) {
  Options options;
  const std::map<std::string, std::string*> known = {
      {"--device", &options.device}, {"--size", &options.size},           {"--what", &options.what},
      {"--kernel", &options.kernel}, {"--precision", &options.precision}, {"--batch", &options.batch},
      {"--rounds", &options.rounds}, {"--profile", &options.profile}};
  int i = 1;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; i += 2) {
    const auto found = known.find(argv[i]);
    check_usage(found != known.end() && i + 1 < argc, "bench_model: ", argv[i],
                " is no option, or lacks its value");
    *found->second = argv[i + 1];
  }
  std::optional<tools::Peer> peer;
  if (i + 1 < argc) peer.emplace(argv + i + 1);  // argv ends with a null pointer
  keep_freed_memory();
  bench(options, peer ? &*peer : nullptr);
  return 0;
}

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  try {
    return uvic::run(argc, argv);
  } catch (const uvic::UsageError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
