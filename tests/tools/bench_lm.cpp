// `bench_lm PEER... [-- ROUNDS [PRECISION [train|generate|all]]]`: a training step of a GPT-2-sized Cogformer
// and its generation, ours and PyTorch's in turn. PEER is the command that runs tests/peer/cogformer.py; its
// sizes are its own defaults.
#include <ATen/ATen.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "core/device.h"
#include "language/network.h"
#include "nn/cogformer.h"
#include "tasks/language/loss.h"
#include "tools/peer.h"
#include "train/train_state.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;
using tools::Fastest;
using tools::Peer;

constexpr int64_t kBatch = 4, kPrompt = 64, kTokens = 64;

CogformerOptions options_of(AttentionKind kind) {
  CogformerOptions options;
  options.vocab_size = 50257;
  options.dim = 768;
  options.n_layers = options.n_heads = 12;
  options.hidden_dim = 2048;
  options.max_seq_length = 1024;
  options.attention = kind;
  return options;
}

double since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

class Training {
 public:
  explicit Training(Precision precision)
      : model_(std::make_shared<Cogformer>(options_of(AttentionKind::kCog))),
        state_(model_, train(precision), {}, c10::kCPU) {}

  double step() {
    const at::Tensor windows = at::randint(2, 50257, {kBatch, 1025}, at::kLong);
    const auto began = Clock::now();
    state_.train_step({[&](const Slice&) { return std::vector{windows}; },
                       [&](const auto& inputs) {
                         return next_token_losses(*model_, inputs[0], state_.options.precision, c10::kCPU);
                       }});
    return since(began);
  }

 private:
  static TrainOptions train(Precision precision) {
    TrainOptions options;
    options.batch_size = kBatch;
    options.precision = precision;
    options.ema = {};
    return options;
  }
  std::shared_ptr<Cogformer> model_;
  TrainState state_;
};

double generate(const LanguageNetwork& network) {
  auto cache = network.new_cache(1, kPrompt + kTokens);
  at::Tensor logits = network.extend(cache, 0, at::randint(2, 50257, {kPrompt}, at::kLong));
  const auto began = Clock::now();
  for (int64_t i = 0; i < kTokens; ++i) logits = network.step(cache, {0}, logits.argmax(-1).view({1}));
  return since(began);
}

void print_ratio(const Fastest& fastest, const std::string& ours, const std::string& peers) {
  const double a = fastest.of(ours), b = fastest.of(peers);
  std::printf("%-28s %8.3f s   %-28s %8.3f s   ratio %.2f\n", ours.c_str(), a, peers.c_str(), b, a / b);
}

void bench_training(Peer& peer, int rounds, const std::string& precision) {
  Fastest fastest;
  Training training{Choice<Precision>(precision)};
  for (int i = 0; i < rounds; ++i) {
    fastest.add("train cog, ours", training.step());
    fastest.add("train cog, PyTorch", peer.run("train cog " + precision));
  }
  // Apart, as the peer makes its network anew for each kind.
  for (int i = 0; i < rounds; ++i)
    fastest.add("train softmax, PyTorch", peer.run("train softmax " + precision));
  print_ratio(fastest, "train cog, ours", "train cog, PyTorch");
  print_ratio(fastest, "train cog, ours", "train softmax, PyTorch");
}

void bench_generation(Peer& peer, int rounds, const std::string& precision) {
  Fastest fastest;
  const LanguageNetwork network(std::make_shared<Cogformer>(options_of(AttentionKind::kCog)),
                                Choice<Precision>(precision));
  for (int i = 0; i < rounds; ++i) {
    fastest.add("generate cog, ours", generate(network));
    for (const std::string kind : {"cog", "softmax"})
      fastest.add("generate " + kind + ", PyTorch",
                  peer.run("generate " + kind + " " + precision + " " + std::to_string(kTokens)));
  }
  print_ratio(fastest, "generate cog, ours", "generate cog, PyTorch");
  print_ratio(fastest, "generate cog, ours", "generate softmax, PyTorch");
}

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  int end = 1;
  while (end < argc && std::strcmp(argv[end], "--") != 0) ++end;
  if (end == 1) {
    std::fprintf(
        stderr,
        "usage: bench_lm PYTHON tests/peer/cogformer.py [-- ROUNDS [fp32|bf16 [train|generate|all]]]\n");
    return 2;
  }
  std::vector<char*> command(argv + 1, argv + end);
  command.push_back(nullptr);
  uvic::keep_freed_memory();
  uvic::tools::Peer peer(command.data());
  const int rounds = argc > end + 1 ? std::atoi(argv[end + 1]) : 3;
  const std::string precision = argc > end + 2 ? argv[end + 2] : "fp32",
                    what = argc > end + 3 ? argv[end + 3] : "all";
  if (what != "generate") uvic::bench_training(peer, rounds, precision);
  if (what != "train") uvic::bench_generation(peer, 3 * rounds, precision);
}
