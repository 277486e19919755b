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

// a(t) x0 + b(t) noise
template <class A, class B>
Tensor mix_images(const Tensor& x0, const Tensor& noise, const Tensor& t, A a, B b) {
  const auto per_image = [&](auto f) { return map_times(t, x0.device(), f).view({-1, 1, 1, 1}); };
  return per_image(a) * x0 + per_image(b) * noise;
}

}  // namespace

Tensor add_noise(const NoiseSchedule& schedule, const Tensor& x0, const Tensor& noise, const Tensor& t) {
  return mix_images(
      x0, noise, t, [&](double s) { return schedule.alpha(s); }, [&](double s) { return schedule.sigma(s); });
}

DiffusionLoss::DiffusionLoss(const DiffusionOptions& options)
    : options_(options), schedule_(make_schedule(options)), prediction_(options) {}

double DiffusionLoss::weight(double t) const {
  if (options_.loss == LossKind::kSimple) return 1.0;
  constexpr double kLeastSigma = 1e-8;  // t may be 0
  const double alpha = schedule_->alpha(t), sigma = std::max(schedule_->sigma(t), kLeastSigma);
  const double x0_per_output = prediction_.x0_per_output(alpha, sigma);
  return x0_weight(alpha * alpha / (sigma * sigma)) * x0_per_output * x0_per_output;
}

double DiffusionLoss::x0_weight(double snr) const {
  const double gamma = options_.snr_gamma;
  switch (options_.loss) {
    case LossKind::kSimple:
      break;  // of the output's error, not x0's
    case LossKind::kMinSnr:
      return std::min(snr, gamma);
    case LossKind::kSoftMinSnr:
      return snr * gamma / (snr + gamma);
    case LossKind::kEdm:
      return 1.0 / (options_.sigma_data * options_.sigma_data) + snr;
  }
  TORCH_CHECK(false, "loss ", options_.loss, " has no weight of x0's error");
}

NoisedBatch DiffusionLoss::noised(const Tensor& x0, const Tensor& noise, const Tensor& t) const {
  const auto mix = [&](double s) { return prediction_.mix(schedule_->alpha(s), schedule_->sigma(s)); };
  const Tensor scale =
      map_times(t, x0.device(), [&](double s) { return prediction_.input_scale(*schedule_, s); });
  NoisedBatch batch;
  batch.input = add_noise(*schedule_, x0, noise, t) * scale.view({-1, 1, 1, 1});
  batch.target = mix_images(
      x0, noise, t, [&](double s) { return mix(s).p; }, [&](double s) { return mix(s).q; });
  batch.timesteps = map_times(t, x0.device(), [&](double s) { return schedule_->timestep(s); });
  if (options_.loss != LossKind::kSimple)
    batch.weight = map_times(t, x0.device(), [&](double s) { return weight(s); });
  return batch;
}

Tensor DiffusionLoss::of(const Network& network, const NoisedBatch& batch, const Condition& condition) {
  const Tensor error =
      (network(batch.input, batch.timesteps, condition) - batch.target).square().flatten(1).mean(1);
  return batch.weight.defined() ? error * batch.weight : error;
}

}  // namespace uvic
