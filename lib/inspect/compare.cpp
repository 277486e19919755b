#include "inspect/compare.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace uvic {
namespace {

using at::Tensor;

Tensor over_layers(const Measures& measures, HeadMeasure measure) {
  std::vector<Tensor> layers;
  for (const LayerMeasures& layer : measures.layers) layers.push_back(by_image(layer, measure));
  return at::nanmean(at::stack(layers), 0);
}

template <class Of>
std::array<MeasureDifference, kHeadMeasures> differences(const Of& of) {
  std::array<MeasureDifference, kHeadMeasures> all;
  for (size_t i = 0; i < kHeadMeasures; ++i) {
    const auto [a, b] = of(HeadMeasure(i));
    all[i] = paired_difference(a, b);
  }
  return all;
}

}  // namespace

double standard_error(const Tensor& values) {
  return values.numel() < 2 ? std::numeric_limits<double>::quiet_NaN()
                            : values.std().item<double>() / std::sqrt(double(values.numel()));
}

MeasureDifference paired_difference(const Tensor& a, const Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), "paired by image: ", a.sizes(), " against ", b.sizes());
  const Tensor both = a.isfinite() & b.isfinite(), x = a.masked_select(both), y = b.masked_select(both);
  const auto mean = [](const Tensor& values) { return values.mean().item<double>(); };
  return {mean(x), mean(y), mean(x - y), standard_error(x - y)};
}

NetworkComparison compare(const Measures& a, const Measures& b) {
  NetworkComparison comparison{.all = differences([&](HeadMeasure measure) {
                                 return std::pair(over_layers(a, measure), over_layers(b, measure));
                               }),
                               .layers = {}};
  for (size_t i = 0; i < a.layers.size() && a.layers.size() == b.layers.size(); ++i) {
    comparison.layers.push_back(differences([&](HeadMeasure measure) {
      return std::pair(by_image(a.layers[i], measure), by_image(b.layers[i], measure));
    }));
  }
  return comparison;
}

}  // namespace uvic
