// The seed contract: an image depends on its seed (and label) alone.
#include "sampling/sampler.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/reproducible.h"
#include "diffusion/vp_schedules.h"
#include "io/grid.h"
#include "nn/uvit.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

SampleOptions quick(const std::string& solver, int64_t batch_size) {
  SampleOptions options;
  options.solver = solver;
  options.steps = 6;
  options.batch_size = batch_size;
  return options;
}

class SeedContract : public ::testing::TestWithParam<std::string> {
 protected:
  SeedContract() {
    at::manual_seed(2);
    ModelOptions options;
    options.img_size = {8};
    options.embed_dim = 64;
    options.depth = 2;
    options.num_heads = 2;
    model_ = std::make_shared<UViT>(options);
    const at::NoGradGuard no_grad;
    for (auto& parameter : model_->parameters()) parameter.mul_(3);
  }
  Tensor sample(std::vector<int64_t> seeds, int64_t batch_size, double cfg = 1.0,
                c10::Device device = c10::kCPU) {
    SampleOptions options = quick(GetParam(), batch_size);
    options.cfg = cfg;
    std::vector<int64_t> labels;
    for (const int64_t seed : seeds) labels.push_back(seed % 10);
    model_->to(device);
    return Sampler(*model_, {}, options, device).sample({seeds, labels});
  }
  std::shared_ptr<UViT> model_;
};

TEST_P(SeedContract, SameBytesWhateverElseIsAskedForAtOneBatchSize) {
  const Tensor all = sample({0, 1, 2, 3, 4, 5, 6, 7}, 3, 1.5);
  const Tensor some = sample({6, 2}, 3, 1.5);
  EXPECT_TRUE(at::equal(some[0], all[6]));
  EXPECT_TRUE(at::equal(some[1], all[2]));
  EXPECT_TRUE(at::equal(sample({7, 6, 5, 4, 3, 2, 1, 0}, 3, 1.5).flip(0), all));
}

TEST_P(SeedContract, OtherBatchSizesMoveAtMostOneGreyLevelOnFivePercent) {
  const Tensor reference = to_uint8(sample({0, 1, 2, 3, 4, 5, 6, 7}, 8)).to(at::kInt);
  for (const int64_t batch_size : {1, 3}) {
    const Tensor difference =
        (to_uint8(sample({0, 1, 2, 3, 4, 5, 6, 7}, batch_size)).to(at::kInt) - reference).abs();
    EXPECT_LE(difference.max().item<int>(), 1) << batch_size;
    EXPECT_LE((difference > 0).to(at::kDouble).mean().item<double>(), 0.05) << batch_size;
  }
}

TEST_P(SeedContract, DifferentSeedsGiveDifferentImages) {
  const Tensor images = sample({0, 1}, 2);
  EXPECT_GT(testing::max_abs_error(images[0], images[1]), 0.1);
}

TEST_P(SeedContract, TheSameImagesOnCuda) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA in this build of LibTorch, or no GPU";
  make_gpus_reproducible();
  const Tensor here = sample({0, 1, 2, 3, 4}, 3, 1.5), there = sample({0, 1, 2, 3, 4}, 3, 1.5, c10::kCUDA);
  EXPECT_LT(testing::relative_error(there, here), 1e-3);
  EXPECT_TRUE(at::equal(sample({3, 1}, 3, 1.5, c10::kCUDA)[0], there[3]));
}

INSTANTIATE_TEST_SUITE_P(Solvers, SeedContract, ::testing::ValuesIn(solver_names()),
                         [](const auto& info) { return info.param; });

// A network that predicts no noise: what is left of two steps shows the draws.
TEST(Sampler, StartsFromTheSeedsGeneratorAndDrawsStepNoiseFromIt) {
  const Network zero = [](const Tensor& x, const Tensor&, const Condition&) { return at::zeros_like(x); };
  SampleOptions options = quick("euler_maruyama_sde", 2);
  options.steps = 2;
  const Tensor images = Sampler({.network = zero, .shape = {1, 4, 4}}, {}, options).sample({{41, 42}, {}});
  auto generator = at::make_generator<at::CPUGeneratorImpl>(42);
  const Tensor x = at::randn({1, 4, 4}, generator), z = at::randn({1, 4, 4}, generator);
  const VpLinearSchedule schedule;
  const double dt = 1 - 1e-3;
  Tensor expected =
      x * (1 + 0.5 * schedule.diffusion(1.0) * dt) + z * std::sqrt(schedule.diffusion(1.0) * dt);
  expected = expected * (1 + 0.5 * schedule.diffusion(1e-3) * 1e-3);  // the last step adds no noise
  EXPECT_LT(testing::max_abs_error(images[1], expected), 1e-4);
}

TEST(Sampler, EveryNetworkCallHasTheWholeBatch) {
  std::vector<int64_t> sizes;
  const Network network = [&](const Tensor& x, const Tensor&, const Condition&) {
    sizes.push_back(x.size(0));
    return at::zeros_like(x);
  };
  SampleOptions options = quick("ddim", 4);
  options.steps = 1;
  const Tensor images =
      Sampler({.network = network, .shape = {3, 2, 2}}, {}, options).sample({{1, 2, 3, 4, 5}, {}});
  EXPECT_EQ(images.sizes(), at::IntArrayRef({5, 3, 2, 2}));
  EXPECT_EQ(sizes, (std::vector<int64_t>{4, 4}));
}

// An autoencoder behind the solver: the state keeps its own shape, images have the decoder's.
TEST(Sampler, DecodesTheLastStateOnceABatch) {
  const Network zero = [](const Tensor& x, const Tensor&, const Condition&) { return at::zeros_like(x); };
  const SampleOptions options = quick("ddim", 2);
  Generator generator{.network = zero, .shape = {4, 2, 2}};
  const Tensor states = Sampler(generator, {}, options).sample({{1, 2, 3}, {}});
  std::vector<int64_t> decoded;
  generator.decode = [&](const Tensor& state) {
    decoded.push_back(state.size(0));
    return state.mean(1, /*keepdim=*/true).repeat({1, 3, 4, 4});
  };
  const Sampler sampler(generator, {}, options);
  std::vector<int64_t> shown;
  std::vector<Tensor> images;
  sampler.run(
      {{1, 2, 3}, {}}, [&](size_t, const Tensor& batch) { images.push_back(batch); },
      [&](size_t, int64_t, const Tensor& x) { shown.push_back(x.size(1)); });
  EXPECT_EQ(decoded, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(shown, std::vector<int64_t>(12, 4));  // steps see the state
  EXPECT_TRUE(at::equal(at::cat(images), states.mean(1, true).repeat({1, 3, 4, 4})));
  EXPECT_EQ(at::cat(images).sizes(), at::IntArrayRef({3, 3, 8, 8}));
}

TEST(Sampler, ContextsReachTheNetworkWithTheirSeeds) {
  at::manual_seed(2);
  ModelOptions options;
  options.img_size = {8};
  options.embed_dim = 32;
  options.depth = 2;
  options.num_heads = 2;
  options.num_classes = -1;
  options.clip_dim = 6;
  options.num_clip_token = 5;
  UViT model(options);
  for (auto& parameter : model.parameters()) parameter.detach().mul_(5);
  const Sampler sampler(model, {}, quick("ddim", 3));
  const Tensor contexts = at::randn({4, 5, 6});
  const Tensor all = sampler.sample({{0, 1, 2, 3}, {}, contexts});
  const Tensor some = sampler.sample({{3, 1}, {}, at::stack({contexts[3], contexts[1]})});
  EXPECT_TRUE(at::equal(some[0], all[3]));
  EXPECT_TRUE(at::equal(some[1], all[1]));
  EXPECT_GT(testing::max_abs_error(sampler.sample({{3}, {}, contexts.slice(0, 0, 1)})[0], all[3]), 1e-3);
  EXPECT_THROW_WITH(sampler.sample({{3}, {}}), c10::Error, "context is missing");
  EXPECT_THROW_WITH(sampler.sample({{3}, {}, contexts}), c10::Error, "not as many contexts as the 1 seeds");
}

TEST(Sampler, GuidanceNeedsANullLabel) {
  ModelOptions options;
  options.img_size = {8};
  options.depth = 2;
  options.num_classes = -1;
  UViT model(options);
  SampleOptions sample = quick("ddim", 1);
  sample.cfg = 2;
  EXPECT_THROW_WITH(Sampler(model, {}, sample), UsageError, "sample.cfg");
}

TEST(Sampler, PrecisionReachesTheNetwork) {
  at::manual_seed(2);
  ModelOptions options;
  options.img_size = {8};
  options.depth = 2;
  UViT model(options);
  SampleOptions sample = quick("ddim", 1);
  const Tensor full = Sampler(model, {}, sample).sample({{1}, {1}});
  sample.precision = "bf16";
  const Tensor half = Sampler(model, {}, sample).sample({{1}, {1}});
  EXPECT_EQ(half.scalar_type(), at::kFloat);
  const double difference = testing::relative_error(half, full);
  EXPECT_GT(difference, 1e-6);
  EXPECT_LT(difference, 0.2);
  sample.precision = "int8";
  const double coarser = testing::relative_error(Sampler(model, {}, sample).sample({{1}, {1}}), full);
  EXPECT_GT(coarser, difference);
  EXPECT_LT(coarser, 0.2);
  EXPECT_THROW_WITH(inference_network(model, InferencePrecision::kInt8, c10::kCUDA), UsageError,
                    "int8 is for the CPU");
}

}  // namespace
}  // namespace uvic
