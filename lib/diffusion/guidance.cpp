#include "diffusion/guidance.h"

#include <ATen/ATen.h>

#include <utility>

namespace uvic {
namespace {

using at::Tensor;

// The images' input, then the null condition's for each of them.
Tensor with_null(const Tensor& input, const Tensor& null) {
  if (!input.defined()) return input;
  if (!null.defined()) return at::cat({input, input});
  const bool shares = input.is_floating_point() && !null.is_floating_point();
  const Tensor own = shares ? at::one_hot(null, input.size(1)) : null;
  return at::cat({input, own.to(input.options()).expand_as(input)});
}

// The outputs under the condition and of the reference.
std::pair<Tensor, Tensor> evaluate(const Network& network, const Guidance& guidance, const Tensor& x,
                                   const Tensor& timesteps, const Condition& condition) {
  if (guidance.guide) return {network(x, timesteps, condition), guidance.guide(x, timesteps, condition)};
  const Tensor both = network(at::cat({x, x}), at::cat({timesteps, timesteps}),
                              {with_null(condition.labels, guidance.null.labels),
                               with_null(condition.context, guidance.null.context)});
  return {both.slice(0, 0, x.size(0)), both.slice(0, x.size(0))};
}

}  // namespace

bool Guidance::active(double t) const {
  return cfg != 1.0 && (interval.empty() || (t > interval[0] && t <= interval[1]));
}

Network with_guidance(Network network, const Guidance& guidance) {
  return [network = std::move(network), guidance](const Tensor& x, const Tensor& timesteps,
                                                  const Condition& condition) {
    const auto [output, reference] = evaluate(network, guidance, x, timesteps, condition);
    const Tensor guided = reference + (output - reference) * guidance.cfg;
    if (guidance.rescale == 0) return guided;
    const auto deviation = [](const Tensor& images) {
      return images.std(at::IntArrayRef{1, 2, 3}, /*unbiased=*/true, /*keepdim=*/true);
    };
    return guided * (deviation(output) / deviation(guided) * guidance.rescale + (1.0 - guidance.rescale));
  };
}

}  // namespace uvic
