#include "diffusion/loss.h"

#include <gtest/gtest.h>

#include "support/golden_model.h"

namespace uvic {
namespace {

using at::Tensor;

TEST(SimpleLoss, Golden) {
  const auto golden = load_safetensors(testing::fixture("loss_vpsde_noise_pred.safetensors")).tensors;
  const auto model = testing::golden_network("weights_uvic_uncond.safetensors");
  const Network network = [&](const Tensor& x, const Tensor& t, const Tensor& y) {
    return model->forward(x, t, y);
  };
  const VpLinearSchedule schedule;
  const Tensor xt = add_noise(schedule, golden.at("x0"), golden.at("noise"), golden.at("t"));
  EXPECT_LT(testing::max_abs_error(xt, golden.at("xt")), 2e-6);
  const Tensor loss = simple_loss(network, schedule, PredictionType::kNoise, golden.at("x0"),
                                  golden.at("noise"), golden.at("t"), {});
  EXPECT_LT(testing::relative_error(loss.detach(), golden.at("loss_per_sample")), 1e-5);
}

// A network that knows the answer has loss 0; one that answers 0 has the target's mean square.
TEST(SimpleLoss, TargetsOfBothPredictionTypes) {
  const VpLinearSchedule schedule;
  const Tensor x0 = at::rand({3, 2, 4, 4}), noise = at::randn({3, 2, 4, 4}),
               t = at::tensor({0.1F, 0.5F, 0.9F});
  const auto answer = [](const Tensor& value) {
    return [value](const Tensor&, const Tensor&, const Tensor&) { return value; };
  };
  for (const auto& [type, target] : {std::pair{PredictionType::kNoise, noise}, {PredictionType::kX0, x0}}) {
    EXPECT_EQ(simple_loss(answer(target), schedule, type, x0, noise, t, {}).abs().max().item<float>(), 0);
    const Tensor loss = simple_loss(answer(at::zeros_like(x0)), schedule, type, x0, noise, t, {});
    EXPECT_LT(testing::relative_error(loss, target.square().mean({1, 2, 3})), 1e-6);
  }
}

TEST(SimpleLoss, TheNetworkIsFedTheSchedulesTimestepsAndLabels) {
  const VpLinearSchedule schedule;
  const Tensor t = at::tensor({0.0F, 0.25F, 1.0F}), labels = at::tensor({4, 5, 6});
  Tensor fed, fed_labels;
  const Network network = [&](const Tensor& x, const Tensor& timesteps, const Tensor& y) {
    fed = timesteps;
    fed_labels = y;
    return x;
  };
  simple_loss(network, schedule, PredictionType::kX0, at::zeros({3, 1, 2, 2}), at::zeros({3, 1, 2, 2}), t,
              labels);
  EXPECT_TRUE(at::equal(fed, at::tensor({0.0F, 249.75F, 999.0F})));
  EXPECT_TRUE(at::equal(fed_labels, labels));
}

}  // namespace
}  // namespace uvic
