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

bool sample_in_turn(UViT& model, const DiffusionOptions& diffusion, const SampleOptions& options,
                    c10::Device device, int64_t images, const Sampler::OnImages& on_images,
                    const Sampler::OnStep& on_step, const std::function<bool()>& stopping) {
  SampleRequest request;
  request.seeds = seeds_in_turn(images);
  request.labels = choose_labels("balanced", request.seeds, model.options().real_classes());
  try {
    Sampler(model, diffusion, options, device)
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
