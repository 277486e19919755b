// Gradient checkpointing: memory that autograd holds between forward and backward, and autocast in the
// recomputation.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nn/autocast.h"
#include "nn/uvit.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

ModelOptions wide_options(bool use_checkpoint) {
  ModelOptions options;
  options.img_size = {32};
  options.embed_dim = 128;
  options.depth = 8;
  options.num_classes = -1;
  options.use_checkpoint = use_checkpoint;
  return options;
}

// Peak resident memory of a child process that does one forward and backward, in KiB.
long peak_kib(bool use_checkpoint) {
  int pipe_ends[2];
  TORCH_CHECK(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    UViT model(wide_options(use_checkpoint));
    model.forward(at::randn({8, 1, 32, 32}), at::full({8}, 500.0)).square().mean().backward();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const bool written =
        write(pipe_ends[1], &usage.ru_maxrss, sizeof usage.ru_maxrss) == sizeof usage.ru_maxrss;
    _exit(written ? 0 : 1);
  }
  close(pipe_ends[1]);  // so that a child that dies is an end of file, not a wait for ever
  long peak = 0;
  TORCH_CHECK(read(pipe_ends[0], &peak, sizeof peak) == sizeof peak);
  waitpid(child, nullptr, 0);
  close(pipe_ends[0]);
  return peak;
}

TEST(Checkpoint, LowersPeakMemory) {
  const long without = peak_kib(false), with = peak_kib(true);
  // 9 blocks x 257 tokens x 8 images: about 18 activations of 1 MiB a block and 16 attention matrices of 2
  // MiB.
  EXPECT_LT(with + 50 * 1024, without) << with << " KiB against " << without;
}

TEST(Checkpoint, RecomputesUnderTheForwardsAutocast) {
  std::vector<std::vector<Tensor>> gradients;
  for (const bool use_checkpoint : {false, true}) {
    at::manual_seed(3);
    UViT model(wide_options(use_checkpoint));
    Tensor y;
    {
      const AutocastScope autocast(AutocastState::for_precision("bf16", c10::kCPU));
      y = model.forward(at::ones({1, 1, 32, 32}), at::full({1}, 500.0));
    }
    EXPECT_EQ(y.scalar_type(), at::kFloat);
    y.square().mean().backward();
    auto& found = gradients.emplace_back();
    for (const auto& parameter : model.parameters()) found.push_back(parameter.grad());
  }
  for (size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_TRUE(at::equal(gradients[0][i], gradients[1][i])) << i;
}

}  // namespace
}  // namespace uvic
