// Recomputation in the backward: memory that autograd holds until then, autocast, and who keeps the layers.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "nn/autocast.h"
#include "nn/block.h"
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

// Peak resident memory of this process after one forward and backward, in KiB.
long peak_kib(bool use_checkpoint) {
  UViT model(wide_options(use_checkpoint));
  model.forward(at::randn({8, 1, 32, 32}), at::full({8}, 500.0)).square().mean().backward();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// In a process of its own, whose peak only grows: first the run that needs less.
TEST(Recompute, LowersPeakMemory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto measure = [] {
    const long with = peak_kib(true), without = peak_kib(false);
    std::fprintf(stderr, "%ld KiB against %ld\n", with, without);
    // 9 blocks x 257 tokens x 8 images: about 18 activations of 1 MiB a block and 16 attention matrices of 2
    // MiB.
    std::exit(with + 50 * 1024 < without ? 0 : 1);
  };
  EXPECT_EXIT(measure(), ::testing::ExitedWithCode(0), "KiB against");
}

TEST(Recompute, RecomputesUnderTheForwardsAutocast) {
  std::vector<std::vector<Tensor>> gradients;
  for (const bool use_checkpoint : {false, true}) {
    at::manual_seed(3);
    UViT model(wide_options(use_checkpoint));
    Tensor y;
    {
      const AutocastScope autocast(AutocastState::for_precision(Precision::kBf16, c10::kCPU));
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

std::vector<Tensor> copied_gradients(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> gradients;
  for (const Tensor& parameter : parameters) gradients.push_back(parameter.grad().clone());
  return gradients;
}

// The block's memory is overwritten between forward and backward, so that a graph that points into it fails
// every time.
TEST(Recompute, TheGraphOutlivesTheBlock) {
  const BlockOptions options{
      {16, 2, false, AttentionKind::kCog, std::nullopt}, 32, /*skip=*/true, /*recompute=*/true};
  at::manual_seed(4);
  alignas(Block) std::byte memory[sizeof(Block)];
  auto* block = new (memory) Block(options);
  const std::vector<Tensor> parameters = block->parameters();
  const Tensor x = at::randn({2, 5, 16}), skip = at::randn({2, 5, 16});
  block->forward(x, skip).square().sum().backward();
  const std::vector<Tensor> expected = copied_gradients(parameters);
  for (const Tensor& parameter : parameters) parameter.mutable_grad().reset();

  std::vector<std::weak_ptr<torch::nn::Module>> layers;
  for (const auto& layer : block->children()) layers.push_back(layer);
  Tensor loss = block->forward(x, skip).square().sum();
  block->~Block();
  std::memset(memory, 0xa5, sizeof memory);
  loss.backward();
  const std::vector<Tensor> found = copied_gradients(parameters);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(found[i], expected[i])) << i;

  loss.reset();  // the graph was all that kept the layers
  ASSERT_EQ(layers.size(), 5u);
  for (const auto& layer : layers) EXPECT_TRUE(layer.expired());
}

TEST(Recompute, TheGraphOutlivesTheModel) {
  std::vector<std::vector<Tensor>> gradients;
  for (const bool gone : {false, true}) {
    at::manual_seed(5);
    auto model = std::make_unique<UViT>(wide_options(true));
    const std::vector<Tensor> parameters = model->parameters();
    const Tensor loss = model->forward(at::ones({1, 1, 32, 32}), at::full({1}, 500.0)).square().mean();
    if (gone) model.reset();
    loss.backward();
    gradients.push_back(copied_gradients(parameters));
  }
  for (size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_TRUE(at::equal(gradients[0][i], gradients[1][i])) << i;
}

}  // namespace
}  // namespace uvic
