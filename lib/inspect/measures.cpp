#include "inspect/measures.h"

#include <ATen/ATen.h>

namespace uvic {
namespace {

using at::Tensor;

template <class Get>
Tensor mean_over(const std::vector<const Measures*>& sets, const Get& get) {
  std::vector<Tensor> tensors;
  for (const Measures* set : sets) tensors.push_back(get(*set));
  return at::nanmean(at::stack(tensors), 0);
}

}  // namespace

Measures only(const Measures& measures, AttentionKind kind) {
  Measures some = measures;
  std::erase_if(some.layers, [&](const LayerMeasures& layer) { return layer.kind != kind; });
  return some;
}

double mean_of(const LayerMeasures& layer, HeadMeasure measure) {
  return layer.heads.select(2, int64_t(measure)).nanmean().item<double>();
}
Tensor means_of_heads(const LayerMeasures& layer, HeadMeasure measure) {
  return layer.heads.select(2, int64_t(measure)).nanmean(0);
}
double mean_of(const LayerMeasures& layer, LayerMeasure measure) {
  return layer.layer.select(1, int64_t(measure)).nanmean().item<double>();
}
double mean_of(const Measures& measures, OutputMeasure measure) {
  return measures.output.select(1, int64_t(measure)).nanmean().item<double>();
}
Tensor by_image(const LayerMeasures& layer, HeadMeasure measure) {
  return layer.heads.select(2, int64_t(measure)).nanmean(1);
}

Measures mean_of(const std::vector<const Measures*>& sets) {
  Measures all{.layers = {}, .blocks = sets.front()->blocks, .output = {}};
  for (size_t i = 0; i < sets.front()->layers.size(); ++i) {
    const auto of = [&](Tensor LayerMeasures::*member) {
      return mean_over(sets, [&](const Measures& set) { return set.layers[i].*member; });
    };
    const LayerMeasures& first = sets.front()->layers[i];
    all.layers.push_back({.block = first.block,
                          .name = first.name,
                          .kind = first.kind,
                          .heads = of(&LayerMeasures::heads),
                          .layer = of(&LayerMeasures::layer),
                          .sinks = of(&LayerMeasures::sinks) * double(sets.size()),
                          .incoming = of(&LayerMeasures::incoming),
                          .incoming_signed = of(&LayerMeasures::incoming_signed),
                          .between = of(&LayerMeasures::between)});
  }
  all.output = mean_over(sets, [](const Measures& set) { return set.output; });
  return all;
}

}  // namespace uvic
