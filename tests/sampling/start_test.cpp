// Images that start from a picture: strength, masks, RePaint; and those between two.
#include "sampling/start.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "diffusion/vp_schedules.h"
#include "io/grid.h"
#include "nn/uvit.h"
#include "sampling/image_noise.h"
#include "sampling/repaint.h"
#include "sampling/sampler.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

std::shared_ptr<UViT> small_model(int64_t classes = 11) {
  at::manual_seed(2);
  ModelOptions options;
  options.img_size = {8};
  options.in_chans = 3;
  options.embed_dim = 32;
  options.depth = 2;
  options.num_heads = 2;
  options.num_classes = classes;
  auto model = std::make_shared<UViT>(options);
  const at::NoGradGuard no_grad;
  for (auto& parameter : model->parameters()) parameter.mul_(3);
  return model;
}

SampleOptions quick(const std::string& solver, int64_t steps = 6, int64_t batch_size = 2) {
  SampleOptions options;
  options.solver = solver;
  options.steps = steps;
  options.batch_size = batch_size;
  return options;
}

// Grey levels as a file has them.
Tensor picture() {
  at::manual_seed(5);
  return at::randint(256, {3, 8, 8}).to(at::kFloat) / 127.5 - 1;
}

Tensor left_half() {
  Tensor mask = at::zeros({1, 8, 8}, at::kBool);
  mask.slice(2, 0, 4).fill_(true);
  return mask;
}

SampleRequest from(const Start& start) {
  return {.seeds = {3, 4}, .labels = {1, 2}, .start = start};
}
Start start_at(double strength, const Tensor& mask = {}, int64_t resample = 1) {
  return {.picture = picture(),
          .state = picture(),
          .strength = strength,
          .mask = mask,
          .resample = resample,
          .jump = 2};
}

TEST(Slerp, KeepsEndsLengthsAndAngles) {
  at::manual_seed(1);
  const Tensor a = at::randn({3, 16, 16}), b = at::randn({3, 16, 16});
  EXPECT_TRUE(at::equal(slerp(a, b, 0), a));
  EXPECT_TRUE(at::equal(slerp(a, b, 1), b));
  const auto angle = [](const Tensor& x, const Tensor& y) {
    const Tensor p = x.to(at::kDouble).flatten(), q = y.to(at::kDouble).flatten();
    return std::acos((p.dot(q) / (p.norm() * q.norm())).item<double>());
  };
  const double whole = angle(a, b);
  for (const double share : {0.25, 0.5, 0.9}) {
    const Tensor between = slerp(a, b, share);
    // Two normals are hardly ever of one length: it changes from one to the other, and is that of neither's
    // line.
    EXPECT_NEAR(between.norm().item<double>(), a.norm().item<double>(), 0.1 * a.norm().item<double>())
        << share;
    EXPECT_LT((a + (b - a) * share).norm().item<double>(), between.norm().item<double>());
    EXPECT_NEAR(angle(a, between) + angle(between, b), whole, 1e-4);
    EXPECT_TRUE(at::allclose(between, slerp(b, a, 1 - share), 1e-6, 1e-6));
  }
  const Tensor unit_a = a / a.norm(), unit_b = b / b.norm(), middle = slerp(unit_a, unit_b, 0.25);
  EXPECT_NEAR(middle.norm().item<double>(), 1, 1e-6);
  EXPECT_NEAR(angle(unit_a, middle), 0.25 * whole, 1e-5);
  EXPECT_TRUE(at::equal(slerp(a, a, 0.3), a));  // no arc
  EXPECT_TRUE(at::allclose(slerp(a, 2 * a, 0.5), 1.5 * a));
}

TEST(ImageNoise, DrawsBesideDisturbNothing) {
  ImageNoise plain({1, 2}, {1, 2, 2}, at::kCPU), both({1, 2}, {1, 2, 2}, at::kCPU);
  EXPECT_TRUE(at::equal(plain.draw(), both.draw()));
  const Tensor first = both.draw_beside(), second = both.draw_beside();
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_TRUE(at::equal(plain.draw(), both.draw()));
  EXPECT_TRUE(at::equal(first, plain.draw_beside()));
}

class FromPicture : public ::testing::TestWithParam<std::string> {
 protected:
  FromPicture() : model_(small_model()), sampler_(*model_, {}, quick(GetParam())) {}
  Tensor plain() const { return sampler_.sample({{3, 4}, {1, 2}}); }
  std::shared_ptr<UViT> model_;
  Sampler sampler_;
};

TEST_P(FromPicture, StrengthOneIsPlainSamplingAndZeroThePicture) {
  EXPECT_TRUE(at::equal(sampler_.sample(from(start_at(1))), plain()));
  const Tensor kept = sampler_.sample(from(start_at(0)));
  EXPECT_TRUE(at::equal(kept[0], picture()) && at::equal(kept[1], picture()));
}

TEST_P(FromPicture, ALittleStrengthStaysNear) {
  const auto distance = [&](double strength) {
    return (sampler_.sample(from(start_at(strength))) - picture()).norm().item<double>();
  };
  const double little = distance(0.2), much = distance(0.8);
  EXPECT_GT(little, 0);
  EXPECT_LT(little, much);
}

TEST_P(FromPicture, StepsAreThoseOfTheEndOfTheGrid) {
  const SamplingPlan plan = shortened(sampler_.plan(), 0.5);
  EXPECT_NEAR(plan.times.back(), sampler_.plan().times.back(), 0);
  EXPECT_LT(plan.times.front(), sampler_.plan().times.front());
  int64_t steps = 0;
  sampler_.run(
      from(start_at(0.5)), [](size_t, const Tensor&) {},
      [&](size_t, int64_t step, const Tensor&) { steps = step; });
  EXPECT_EQ(steps, plan.callbacks);
}

TEST_P(FromPicture, MasksKeepWhatIsBlackAndLeaveWhatIsWhite) {
  const Tensor none = at::zeros({1, 8, 8}, at::kBool), all = at::ones({1, 8, 8}, at::kBool);
  const bool able = GetParam() != "unipc" && !GetParam().ends_with("fast");
  if (!able) {
    EXPECT_THROW_WITH(sampler_.sample(from(start_at(1, left_half()))), UsageError,
                      "--mask: solver " + GetParam() + " does not go on");
    return;
  }
  EXPECT_TRUE(at::equal(sampler_.sample(from(start_at(1, all))), plain()));
  EXPECT_TRUE(at::equal(sampler_.sample(from(start_at(0.5, all))), sampler_.sample(from(start_at(0.5)))));
  const Tensor bytes = to_uint8(picture());
  for (const int64_t resample : {1, 3}) {
    const Tensor black = sampler_.sample(from(start_at(1, none, resample)));
    EXPECT_TRUE(at::equal(to_uint8(black[0]), bytes) && at::equal(to_uint8(black[1]), bytes));
    const Tensor half = sampler_.sample(from(start_at(1, left_half(), resample)));
    EXPECT_TRUE(at::equal(to_uint8(half[1]).slice(2, 4), bytes.slice(2, 4)));
    EXPECT_FALSE(at::equal(to_uint8(half[1]).slice(2, 0, 4), bytes.slice(2, 0, 4)));
    EXPECT_FALSE(at::equal(half[0], half[1]));
    // A seed is an image here, too.
    SampleRequest one = from(start_at(1, left_half(), resample));
    one.seeds = {4};
    one.labels = {2};
    EXPECT_TRUE(at::equal(sampler_.sample(one)[0], half[1]));
  }
}

TEST_P(FromPicture, BetweenTwoSeedsTheEndsAreTheirImages) {
  SampleRequest request{.seeds = {3, 3, 3}, .labels = {1, 1, 1}};
  request.towards = {.shares = {0, 0.5, 1}, .seeds = {4, 4, 4}, .labels = {2, 2, 2}};
  const Tensor frames = sampler_.sample(request), ends = plain();
  // One mixes labels, the other looks them up.
  EXPECT_LT(testing::max_abs_error(frames[0], ends[0]), 1e-5);
  EXPECT_LT(testing::max_abs_error(frames[2], ends[1]), 1e-5);
  EXPECT_GT(testing::max_abs_error(frames[1], ends[0]), 1e-2);
  request.towards.labels = request.labels;
  EXPECT_TRUE(at::equal(sampler_.sample(request)[0], sampler_.sample({{3, 3}, {1, 1}})[0]));
}

INSTANTIATE_TEST_SUITE_P(Solvers, FromPicture, ::testing::ValuesIn(solver_names()),
                         [](const auto& info) { return info.param; });

// On schedules whose noise is not that of a VP process.
TEST(Start, EveryScheduleStartsAtItsOwnNoise) {
  for (const char* schedule : {"edm", "flow", "vp_cosine", "sigmoid", "scaled_linear", "ddpm_linear"}) {
    DiffusionOptions diffusion;
    EXPECT_TRUE(diffusion.schedule.set(schedule));
    diffusion.prediction = PredictionKind::kX0;  // also where no signal is left
    const auto model = small_model();
    const Sampler sampler(*model, diffusion, quick("dpmpp_2m"));
    EXPECT_TRUE(at::equal(sampler.sample(from(start_at(1))), sampler.sample({{3, 4}, {1, 2}}))) << schedule;
    Tensor first;
    const SamplingPlan plan = shortened(sampler.plan(), 0.5);
    const Network network = [&](const Tensor& x, const Tensor&, const Condition&) {
      if (!first.defined()) first = x;
      return at::zeros_like(x);
    };
    Sampler({.network = network, .shape = {3, 8, 8}}, diffusion, quick("dpmpp_2m"))
        .sample({.seeds = {3}, .labels = {}, .start = start_at(0.5)});
    const double t = plan.times.front();
    const Tensor noise = ImageNoise({3}, {3, 8, 8}, at::kCPU).draw();
    const Tensor expected = (picture() * plan.schedule->alpha(t) + noise * plan.schedule->sigma(t)) *
                            plan.schedule->input_scale(t);
    EXPECT_LT(testing::max_abs_error(first.slice(0, 0, 1), expected), 1e-5) << schedule;
  }
}

TEST(Start, ALatentIsMadeAnewIfAnyOfItsPixelsIs) {
  Tensor mask = at::zeros({1, 8, 8}, at::kBool);
  mask[0][3][4] = true;
  const Tensor state = mask_of_state(mask, {4, 4, 4});
  EXPECT_EQ(state.sum().item<int64_t>(), 1);
  EXPECT_TRUE(state[0][1][2].item<bool>());
}

TEST(Repaint, GoesOverThePartsAsPublished) {
  using Pieces = std::vector<RepaintPiece>;
  // get_schedule_jump(t_T=25, jump_length=10, jump_n_sample=3): 25 .. 10, (20 .. 10) x 2, .. 0, (10 .. 0)
  // x 2.
  EXPECT_EQ(repaint_pieces(25, 10, 3), (Pieces{{0, 5, 1}, {5, 15, 3}, {15, 25, 3}}));
  EXPECT_EQ(repaint_pieces(20, 10, 3), (Pieces{{0, 10, 1}, {10, 20, 3}}));
  EXPECT_EQ(repaint_pieces(4, 10, 3), (Pieces{{0, 2, 1}, {2, 4, 3}}));
  EXPECT_EQ(repaint_pieces(25, 10, 1), (Pieces{{0, 25, 1}}));
  EXPECT_EQ(repaint_pieces(1, 10, 5), (Pieces{{0, 1, 1}}));
  const Sampler sampler({.network = {}, .shape = {3, 8, 8}}, {}, quick("heun", 6));
  const SamplingPlan plan = plan_with(sampler.plan(), start_at(1, left_half(), 3));
  EXPECT_EQ(plan.callbacks, 2 + 3 * 2 + 3 * 2);
  EXPECT_EQ(plan.evaluations, 2 * 2 + 3 * 4 + 3 * 3);  // Heun's last step is one of Euler's
}

// Whatever the network says, what is known follows the forward process to where each step ends.
TEST(Repaint, WhatIsKnownIsAtTheNoiseOfEachStep) {
  const Network zero = [](const Tensor& x, const Tensor&, const Condition&) { return at::zeros_like(x); };
  Generator generator{.network = zero, .shape = {3, 64, 64}};
  const Sampler sampler(generator, {}, quick("ddim", 8, 1));
  Start start{.picture = at::ones({3, 64, 64}),
              .state = at::ones({3, 64, 64}),
              .mask = at::zeros({1, 64, 64}, at::kBool)};
  const VpLinearSchedule schedule;
  sampler.run(
      {.seeds = {1}, .labels = {}, .start = start}, [](size_t, const Tensor&) {},
      [&](size_t, int64_t step, const Tensor& x) {
        const double t = sampler.plan().times[size_t(step)];
        EXPECT_NEAR(x.mean().item<double>(), schedule.alpha(t), 0.03) << step;
        EXPECT_NEAR(x.std().item<double>(), schedule.sigma(t), 0.03) << step;
      });
}

TEST(Towards, LabelsMixTheirEmbeddingsAndGuidanceKnowsTheNullLabel) {
  const auto model = small_model();
  const Tensor x = at::randn({2, 3, 8, 8}), t = at::full({2}, 500.0);
  const at::NoGradGuard no_grad;
  const Tensor looked_up = model->forward(x, t, at::tensor({1, 4}, at::kLong));
  const Tensor shares = at::one_hot(at::tensor({1, 4}, at::kLong), 11).to(at::kFloat);
  EXPECT_LT(testing::relative_error(model->forward(x, t, shares), looked_up), 1e-6);
  EXPECT_THROW_WITH(model->forward(x, t, shares.slice(1, 0, 5)), c10::Error,
                    "shares of labels must be [2, 11]");
  SampleOptions options = quick("ddim");
  options.cfg = 3;
  const Sampler sampler(*model, {}, options);
  SampleRequest request{.seeds = {3, 3}, .labels = {1, 1}};
  request.towards = {.shares = {0, 1}, .seeds = {3, 3}, .labels = {4, 4}};
  const Tensor frames = sampler.sample(request), ends = sampler.sample({{3, 3}, {1, 4}});
  EXPECT_LT(testing::max_abs_error(frames, ends), 1e-4);
}

}  // namespace
}  // namespace uvic
