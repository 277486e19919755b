// `bench_lm PEER... [-- ROUNDS [PRECISION [train|generate|all]]]`: a training step of a GPT-2-sized Cogformer
// and its generation, ours and PyTorch's in turn. PEER is the command that runs tests/peer/cogformer.py; its
// sizes are its own defaults.
#include <ATen/ATen.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core/device.h"
#include "language/network.h"
#include "tasks/language/loss.h"
#include "train/train_state.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;

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

// A process that answers a line with the seconds that what it says has taken.
class Peer {
 public:
  explicit Peer(char** command) {
    int to_peer[2], from_peer[2];
    TORCH_CHECK(pipe(to_peer) == 0 && pipe(from_peer) == 0, "no pipes");
    process_ = fork();
    TORCH_CHECK(process_ >= 0, "no process");
    if (process_ == 0) {
      dup2(to_peer[0], STDIN_FILENO);
      dup2(from_peer[1], STDOUT_FILENO);
      for (const int end : {to_peer[0], to_peer[1], from_peer[0], from_peer[1]}) close(end);
      execvp(command[0], command);
      std::perror(command[0]);
      _exit(127);
    }
    close(to_peer[0]), close(from_peer[1]);
    to_ = fdopen(to_peer[1], "w"), from_ = fdopen(from_peer[0], "r");
  }
  ~Peer() {
    std::fclose(to_), std::fclose(from_);
    waitpid(process_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  double run(const std::string& command) {
    std::fprintf(to_, "%s\n", command.c_str());
    std::fflush(to_);
    double seconds = 0;
    TORCH_CHECK(std::fscanf(from_, "%lf", &seconds) == 1, "the peer has ended");
    return seconds;
  }

 private:
  pid_t process_;
  FILE *to_, *from_;
};

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
    state_.train_step([&](const Slice&) {
      return next_token_losses(*model_, windows, state_.options.precision, c10::kCPU);
    });
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

// Both by their fastest round: what else the machine does only adds.
class Table {
 public:
  void add(const std::string& name, double seconds) {
    const auto [at, fresh] = fastest_.emplace(name, seconds);
    at->second = std::min(at->second, seconds);
  }
  void ratio(const std::string& ours, const std::string& peers) const {
    const double a = fastest_.at(ours), b = fastest_.at(peers);
    std::printf("%-28s %8.3f s   %-28s %8.3f s   ratio %.2f\n", ours.c_str(), a, peers.c_str(), b, a / b);
  }

 private:
  std::map<std::string, double> fastest_;
};

void bench_training(Peer& peer, int rounds, const std::string& precision) {
  Table table;
  Training training{Choice<Precision>(precision)};
  for (int i = 0; i < rounds; ++i) {
    table.add("train cog, ours", training.step());
    table.add("train cog, PyTorch", peer.run("train cog " + precision));
  }
  // Apart, as the peer makes its network anew for each kind.
  for (int i = 0; i < rounds; ++i)
    table.add("train softmax, PyTorch", peer.run("train softmax " + precision));
  table.ratio("train cog, ours", "train cog, PyTorch");
  table.ratio("train cog, ours", "train softmax, PyTorch");
}

void bench_generation(Peer& peer, int rounds, const std::string& precision) {
  Table table;
  const LanguageNetwork network(std::make_shared<Cogformer>(options_of(AttentionKind::kCog)),
                                Choice<Precision>(precision));
  for (int i = 0; i < rounds; ++i) {
    table.add("generate cog, ours", generate(network));
    for (const std::string kind : {"cog", "softmax"})
      table.add("generate " + kind + ", PyTorch",
                peer.run("generate " + kind + " " + precision + " " + std::to_string(kTokens)));
  }
  table.ratio("generate cog, ours", "generate cog, PyTorch");
  table.ratio("generate cog, ours", "generate softmax, PyTorch");
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
  uvic::Peer peer(command.data());
  const int rounds = argc > end + 1 ? std::atoi(argv[end + 1]) : 3;
  const std::string precision = argc > end + 2 ? argv[end + 2] : "fp32",
                    what = argc > end + 3 ? argv[end + 3] : "all";
  if (what != "generate") uvic::bench_training(peer, rounds, precision);
  if (what != "train") uvic::bench_generation(peer, 3 * rounds, precision);
}
