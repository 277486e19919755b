#include "tasks/diffusion/validation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/errors.h"
#include "core/log.h"

namespace uvic {
namespace {

constexpr uint64_t kValidationSeed = 0;

}  // namespace

Validation::Validation(const Dataset& dataset, const DiffusionConfig& config, const ExampleMaker& examples)
    : micro_batch_(config.train.batch_size / config.train.grad_accum) {
  const int64_t most = std::min(dataset.size(), config.train.val_images);
  std::vector<at::Tensor> images;
  std::vector<int64_t> labels, used;
  // Spread over the whole set: a folder is sorted by class.
  for (const int64_t index : permutation(kValidationSeed, 0, dataset.size())) {
    if (int64_t(images.size()) == most) break;
    try {
      images.push_back(examples.images(dataset, {index}));
      labels.push_back(dataset.label(index));
      used.push_back(index);
    } catch (const UsageError& error) {
      if (config.data.on_error != OnError::kSkip) throw;
      log_warning("skipped in validation: ", error.what());
    }
  }
  check_usage(!images.empty(), "data: none of the held-out images can be decoded");
  const auto n = int64_t(images.size());
  inputs_.x0 = at::cat(images);
  inputs_.condition.context = examples.context(dataset, used);
  const auto schedule = make_schedule(config.diffusion);
  inputs_.t = at::empty({n}, at::kFloat);
  for (int64_t i = 0; i < n; ++i) {
    inputs_.t.data_ptr<float>()[i] = float(schedule->time_at((double(i) + 0.5) / double(n)));
  }
  at::Tensor noise = at::empty(inputs_.x0.sizes(), at::kFloat);
  const int64_t pixels = noise.numel() / n;
  for (int64_t i = 0; i < n; ++i) {
    CounterRandom(kValidationSeed, RandomStream::kValidation, uint64_t(i))
        .fill_normal({noise.data_ptr<float>() + i * pixels, size_t(pixels)});
  }
  const c10::Device device = examples.device();
  inputs_.noise = noise.to(device);
  if (config.model.conditional()) inputs_.condition.labels = at::tensor(labels, at::kLong).to(device);
}

double Validation::loss(const DiffusionObjective& objective, const World& world) const {
  const at::NoGradGuard no_grad;
  double sum = 0;
  for (const auto& [first, count] : world.share_in_runs(size(), micro_batch_))
    sum += objective.losses(inputs_.part(first, count)).sum().item<double>();
  return world.sum(sum) / double(size());
}

}  // namespace uvic
