#include "train/samples.h"

#include <numeric>

#include "core/signals.h"
#include "sampling/labels.h"

namespace uvic {
namespace {

struct Cancelled {};

}  // namespace

bool sample_average(const TrainState& state, const SampleOptions& options, int64_t images,
                    const Sampler::OnImages& on_images, const Sampler::OnStep& on_step) {
  const auto& config = state.config;
  SampleRequest request;
  request.seeds.resize(size_t(images));
  std::iota(request.seeds.begin(), request.seeds.end(), int64_t{0});
  request.labels = choose_labels("balanced", request.seeds, real_classes(config.model, config.diffusion));
  const int64_t average = state.ema->largest();
  const SwappedWeights swapped(state.model->parameters(),
                               average < 0 ? state.model->parameters() : state.ema->weights(size_t(average)));
  try {
    Sampler(*state.model, config.diffusion, options, state.device)
        .run(request, on_images, [&](size_t first, int64_t step, const at::Tensor& x) {
          if (on_step) on_step(first, step, x);
          if (received_signal() != 0) throw Cancelled{};
        });
  } catch (const Cancelled&) {
    return false;
  }
  return true;
}

}  // namespace uvic
