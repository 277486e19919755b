#include "diffusion/loss.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace uvic {

using at::Tensor;

namespace {

// f(t) for each t, float32 [B] on `device`; float64 inside.
template <class Function>
Tensor map_times(const Tensor& t, const at::Device& device, Function f) {
  const Tensor values = at::empty({t.size(0)}, at::kFloat), times = t.contiguous();
  std::transform(times.data_ptr<float>(), times.data_ptr<float>() + t.size(0), values.data_ptr<float>(),
                 [&](float time) { return float(f(double(time))); });
  return values.to(device);
}

}  // namespace

Tensor add_noise(const NoiseSchedule& schedule, const Tensor& x0, const Tensor& noise, const Tensor& t) {
  const auto per_image = [&](auto f) { return map_times(t, x0.device(), f).view({-1, 1, 1, 1}); };
  return per_image([&](double s) { return schedule.alpha(s); }) * x0 +
         per_image([&](double s) { return schedule.sigma(s); }) * noise;
}

Tensor simple_loss(const Network& network, const NoiseSchedule& schedule, PredictionType type,
                   const Tensor& x0, const Tensor& noise, const Tensor& t, const Tensor& labels) {
  const Tensor timesteps = map_times(t, x0.device(), [&](double s) { return schedule.timestep(s); });
  const Tensor output = network(add_noise(schedule, x0, noise, t), timesteps, labels);
  return (output - prediction_target(type, x0, noise)).square().flatten(1).mean(1);
}

}  // namespace uvic
