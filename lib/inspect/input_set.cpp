#include "inspect/input_set.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace uvic {
namespace {

// Losses of all images, batch by batch; `before` hears the first and the number of each batch.
template <class Before>
at::Tensor run_all(const Network& network, const InputSet& inputs, const Before& before) {
  std::vector<at::Tensor> losses;
  for (int64_t first = 0; first < inputs.images; first += kInspectedAtOnce) {
    const int64_t count = std::min(kInspectedAtOnce, inputs.images - first);
    before(first, count);
    const at::Tensor loss = inputs.run(network, first, count);
    if (loss.defined()) losses.push_back(loss.to(at::kCPU, at::kDouble));
  }
  return losses.empty() ? at::Tensor() : at::cat(losses);
}

}  // namespace

InputSet given_inputs(const ModelOptions& model, const at::Tensor& x, const at::Tensor& timesteps,
                      const Condition& condition) {
  const bool ids = condition.context.defined() && condition.context.dim() == 2;
  return {.source = "inputs",
          .images = x.size(0),
          .groups = token_groups(model, x.size(0), ids ? condition.context : at::Tensor()),
          .run = [=](const Network& network, int64_t first, int64_t count) {
            network(x.narrow(0, first, count), timesteps.narrow(0, first, count),
                    condition.part(first, count));
            return at::Tensor();
          }};
}

Observed inspect(const Network& network, const ModelOptions& model, const InputSet& inputs,
                 const InspectorOptions& options, const std::function<void(int64_t)>& on_images) {
  Inspector inspector(model, options);
  const ObserverScope scope(inspector);
  const at::Tensor losses = run_all(network, inputs, [&](int64_t first, int64_t count) {
    if (on_images) on_images(first);
    inspector.expect(inputs.groups.narrow(0, first, count));
  });
  return {inputs.source, inputs.t, inputs.timestep, inspector.finish(), losses};
}

at::Tensor losses_of(const Network& network, const InputSet& inputs) {
  return run_all(network, inputs, [](int64_t, int64_t) {});
}

}  // namespace uvic
