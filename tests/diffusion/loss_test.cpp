#include "diffusion/loss.h"

#include <gtest/gtest.h>

#include "diffusion/vp_schedules.h"
#include "support/golden_model.h"

namespace uvic {
namespace {

using at::Tensor;

DiffusionOptions options_of(const std::string& prediction, const std::string& loss = "simple",
                            const std::string& schedule = "vp_linear") {
  DiffusionOptions options;
  options.prediction = prediction;
  options.loss = loss;
  options.schedule = schedule;
  return options;
}

TEST(Loss, Golden) {
  const auto golden = load_safetensors(testing::fixture("loss_vpsde_noise_pred.safetensors")).tensors;
  const auto model = testing::golden_network("weights_uvic_uncond.safetensors");
  const Network network = [&](const Tensor& x, const Tensor& t, const Condition& c) {
    return model->forward(x, t, c.labels);
  };
  const Tensor xt = add_noise(VpLinearSchedule(), golden.at("x0"), golden.at("noise"), golden.at("t"));
  EXPECT_LT(testing::max_abs_error(xt, golden.at("xt")), 2e-6);
  const Tensor loss =
      DiffusionLoss(options_of("noise"))(network, golden.at("x0"), golden.at("noise"), golden.at("t"), {});
  EXPECT_LT(testing::relative_error(loss.detach(), golden.at("loss_per_sample")), 1e-5);
}

// A network that knows the answer has loss 0; one that answers 0 has the target's mean square.
TEST(Loss, TargetsOfEveryPredictionType) {
  const Tensor x0 = at::rand({3, 2, 4, 4}), noise = at::randn({3, 2, 4, 4}),
               t = at::tensor({0.1F, 0.5F, 0.9F});
  for (const char* name : {"noise", "x0", "v", "flow", "edm"}) {
    const DiffusionOptions options = options_of(name);
    const PredictionType type(options);
    const auto schedule = make_schedule(options);
    std::vector<Tensor> targets;
    for (int64_t i = 0; i < 3; ++i) {
      const double time = t[i].item<double>();
      const auto [p, q] = type.mix(schedule->alpha(time), schedule->sigma(time));
      targets.push_back(x0[i] * p + noise[i] * q);
    }
    const Tensor target = at::stack(targets);
    const auto loss_of = [&](const Tensor& answer) {
      const Network network = [&](const Tensor&, const Tensor&, const Condition&) { return answer; };
      return DiffusionLoss(options)(network, x0, noise, t, {});
    };
    EXPECT_LT(loss_of(target).abs().max().item<float>(), 1e-10) << name;
    EXPECT_LT(testing::relative_error(loss_of(at::zeros_like(x0)), target.square().mean({1, 2, 3})), 1e-5);
  }
}

// Weights as the papers give them for the network's own output.
TEST(Loss, WeightsOfThePapers) {
  const auto weight = [](const char* prediction, const char* loss, double t) {
    return DiffusionLoss(options_of(prediction, loss)).weight(t);
  };
  const VpLinearSchedule schedule;
  for (const double t : {0.05, 0.3, 0.5, 0.95}) {
    const double snr = std::exp(2 * schedule.lambda(t));
    EXPECT_EQ(weight("noise", "simple", t), 1.0);
    EXPECT_NEAR(weight("noise", "min_snr", t), std::min(snr, 5.0) / snr, 1e-9);
    EXPECT_NEAR(weight("x0", "min_snr", t), std::min(snr, 5.0), 1e-9);
    EXPECT_NEAR(weight("v", "min_snr", t), std::min(snr, 5.0) / (snr + 1), 1e-9);
    EXPECT_NEAR(weight("x0", "soft_min_snr", t), 5 * snr / (5 + snr), 1e-9 * snr);
    EXPECT_NEAR(weight("x0", "edm", t), snr + 4, 1e-9 * snr);
    EXPECT_NEAR(weight("edm", "edm", t), 1.0, 1e-9);  // what EDM's preconditioning is made for
  }
}

TEST(Loss, WeightsAreFiniteAtTheEnds) {
  for (const char* prediction : {"noise", "v", "flow", "edm"}) {
    for (const char* loss : {"simple", "min_snr", "soft_min_snr", "edm"}) {
      for (const double t : {0.0, 1.0}) {
        EXPECT_TRUE(std::isfinite(DiffusionLoss(options_of(prediction, loss)).weight(t)))
            << prediction << loss;
      }
    }
  }
}

TEST(Loss, TheWeightMultipliesTheError) {
  const Tensor x0 = at::rand({2, 1, 4, 4}), noise = at::randn({2, 1, 4, 4}), t = at::tensor({0.2F, 0.8F});
  const Network zero = [](const Tensor& x, const Tensor&, const Condition&) { return at::zeros_like(x); };
  const Tensor plain = DiffusionLoss(options_of("v"))(zero, x0, noise, t, {});
  const DiffusionLoss weighted(options_of("v", "min_snr"));
  const Tensor loss = weighted(zero, x0, noise, t, {});
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_NEAR((loss / plain)[i].item<double>(), weighted.weight(t[i].item<double>()), 1e-5);
  }
}

TEST(Loss, TheNetworkIsFedTheSchedulesTimestepsItsScaleAndTheCondition) {
  const Tensor labels = at::tensor({4, 5, 6});
  Tensor fed, fed_x;
  Condition seen;
  const Network network = [&](const Tensor& x, const Tensor& timesteps, const Condition& c) {
    fed_x = x;
    fed = timesteps;
    seen = c;
    return x;
  };
  const Tensor zeros = at::zeros({3, 1, 2, 2}), ones = at::ones({3, 1, 2, 2});
  DiffusionLoss(options_of("x0"))(network, zeros, zeros, at::tensor({0.0F, 0.25F, 1.0F}), {labels, {}});
  EXPECT_TRUE(at::equal(fed, at::tensor({0.0F, 249.75F, 999.0F})));
  EXPECT_TRUE(at::equal(seen.labels, labels));
  DiffusionLoss(options_of("edm", "edm", "edm"))(network, zeros, ones, at::tensor({1.0F, 2.0F, 80.0F}), {});
  EXPECT_NEAR(fed_x[1].mean().item<double>(), 2 / std::sqrt(4.25), 1e-6);
  EXPECT_NEAR(fed[2].item<double>(), 250 * std::log(80.0), 1e-3);
}

}  // namespace
}  // namespace uvic
