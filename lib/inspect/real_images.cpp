#include "inspect/real_images.h"

#include <ATen/ATen.h>

#include "core/text.h"
#include "data/open.h"
#include "tasks/diffusion/check_data.h"

namespace uvic {
namespace {

at::Tensor noise_of(at::IntArrayRef sizes, uint64_t seed) {
  at::Tensor noise = at::empty(sizes, at::kFloat);
  const int64_t numbers = noise.numel() / sizes[0];
  for (int64_t i = 0; i < sizes[0]; ++i) {
    CounterRandom(seed, RandomStream::kNoise, uint64_t(i))
        .fill_normal({noise.data_ptr<float>() + i * numbers, size_t(numbers)});
  }
  return noise;
}

}  // namespace

RealImages::RealImages(const DiffusionConfig& config, const Stages& stages, c10::Device device, int64_t count,
                       uint64_t seed)
    : loss_(config.diffusion) {
  const ModelOptions& model = config.model;
  const ImageShape pictures = picture_shape(config, stages);
  const DataSets data = open_data(config.data, pictures, {}, model.conditional(), model.has_context());
  check_data(data, config, pictures);
  const Dataset& set = data.validation ? *data.validation : *data.train;
  examples_ = std::make_unique<ExampleMaker>(config, set, stages, device);
  std::vector<int64_t> chosen = permutation(seed, 0, set.size());
  chosen.resize(std::min(chosen.size(), size_t(count)));
  x0_ = examples_->images(set, chosen);
  noise_ = noise_of(x0_.sizes(), seed).to(device);
  if (model.conditional()) {
    std::vector<int64_t> labels;
    for (const int64_t index : chosen) labels.push_back(set.label(index));
    condition_.labels = at::tensor(labels, at::kLong).to(device);
  }
  condition_.context = examples_->context(set, chosen);
  rows_ = examples_->context_rows(set, chosen);
  groups_ = token_groups(model, size(), stages.prompts ? rows_ : at::Tensor());
  description_ = c10::str(size(), " of ", set.size(),
                          data.validation ? " held-out images: " : " images: ", set.describe());
}

InputSet RealImages::at(double t) const {
  return {.source = "images",
          .t = t,
          .timestep = loss_.schedule().timestep(t),
          .images = size(),
          .groups = groups_,
          .run = [this, t](const Network& network, int64_t first, int64_t count) {
            const auto part = [&](const at::Tensor& x) { return x.narrow(0, first, count); };
            return loss_(network, part(x0_), part(noise_), at::full({count}, t, at::kFloat),
                         condition_.part(first, count));
          }};
}

}  // namespace uvic
