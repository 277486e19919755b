#include "tasks/diffusion/samples.h"

#include <numeric>

#include "nn/uvit.h"
#include "sampling/labels.h"

namespace uvic {
namespace {

struct Stopped {};

}  // namespace

std::vector<int64_t> seeds_in_turn(int64_t images) {
  std::vector<int64_t> seeds(static_cast<size_t>(images));
  std::iota(seeds.begin(), seeds.end(), int64_t{0});
  return seeds;
}

std::vector<int64_t> TrainingSamples::spread(std::vector<int64_t> seeds, int64_t images) const {
  for (int64_t& seed : seeds) seed = seed * dataset_.size() / images;
  return seeds;
}

std::vector<std::string> TrainingSamples::captions(int64_t images) const {
  std::vector<std::string> texts;
  if (!config_.model.has_context()) return texts;
  for (const int64_t index : spread(seeds_in_turn(images), images))
    texts.push_back(dataset_.captions()->text(index, 0));
  return texts;
}

bool TrainingSamples::run(UViT& model, const SampleOptions& options, int64_t images, const World& world,
                          const Sampler::OnImages& on_images, const Sampler::OnStep& on_step,
                          const std::function<bool()>& stopping) const {
  SampleRequest request;
  request.seeds = world.share(images);
  if (request.seeds.empty()) return true;
  request.labels = choose_labels("balanced", request.seeds, model.options().real_classes());
  request.context = examples_.context_rows(dataset_, spread(request.seeds, images));
  try {
    Sampler(with_parts(generator_of(model, options.precision, device_), examples_.sampler_parts()),
            config_.diffusion, options, device_)
        .run(request, on_images, [&](size_t first, int64_t step, const at::Tensor& x) {
          on_step(first, step, x);
          if (stopping()) throw Stopped{};
        });
  } catch (const Stopped&) {
    return false;
  }
  return true;
}

}  // namespace uvic
