#include "tasks/diffusion/inputs.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/random.h"
#include "diffusion/time_sampling.h"

namespace uvic {

StepInputs StepInputs::part(int64_t first, int64_t count) const {
  const auto cut = [&](const at::Tensor& x) { return x.defined() ? x.narrow(0, first, count) : x; };
  return {cut(x0), cut(noise), cut(t), condition.part(first, count)};
}

StepInputs make_inputs(const Batch& batch, const DiffusionConfig& config, const NoiseSchedule& schedule,
                       c10::Device device, const at::Tensor& null_context) {
  const Slice& slice = batch.slice;
  const int64_t B = slice.count, pixels = batch.images.numel() / B;
  const auto seed = uint64_t(config.train.seed);
  const int64_t null_row = config.model.null_row();
  const at::Tensor noise = at::empty(batch.images.sizes(), at::kFloat), t = at::empty({B}, at::kFloat),
                   labels = batch.labels.clone(), dropped = at::empty({B}, at::kBool);
  auto* noise_data = noise.data_ptr<float>();
  auto* t_data = t.data_ptr<float>();
  auto* label_data = labels.data_ptr<int64_t>();
  auto* dropped_data = dropped.data_ptr<bool>();
  at::parallel_for(0, B, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto g = uint64_t(slice.position(i));
      CounterRandom time(seed, RandomStream::kTime, g);
      t_data[i] = float(sample_time(config.diffusion, schedule, time, slice.first + i, slice.total));
      CounterRandom(seed, RandomStream::kNoise, g).fill_normal({noise_data + i * pixels, size_t(pixels)});
      dropped_data[i] =
          CounterRandom(seed, RandomStream::kLabelDrop, g).uniform() < config.diffusion.p_uncond;
      if (dropped_data[i]) label_data[i] = null_row;
    }
  });
  StepInputs inputs = {batch.images.to(device), noise.to(device), t, {}};
  if (config.model.conditional()) inputs.condition.labels = labels.to(device);
  if (batch.context.defined()) {
    const at::Tensor rows = dropped.view({B, 1}).expand({B, batch.context.size(1)});
    inputs.condition.context =
        at::where(batch.context.dim() == 2 ? rows : rows.unsqueeze(-1), null_context, batch.context)
            .to(device);
  }
  return inputs;
}

}  // namespace uvic
