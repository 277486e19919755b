// What an inspection of a network holds.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "inspect/definitions.h"
#include "inspect/token_groups.h"
#include "kernels/attention_kind.h"

namespace uvic {

/// Of one block over I images. All float64.
struct LayerMeasures {
  int64_t block = 0;  ///< its place in the order of execution
  std::string name;   ///< "in_blocks.0", "mid_block", "out_blocks.1"
  AttentionKind kind = AttentionKind::kSoftmax;
  at::Tensor heads;  ///< [I, H, kHeadMeasures]; the effective rank is NaN where it was left out
  at::Tensor layer;  ///< [I, kLayerMeasures]; NaN where there is no such thing
  at::Tensor sinks;  ///< [kTokenGroups]: heads and images with a sink there
  at::Tensor incoming, incoming_signed;  ///< [N]: means over images, heads and queries
  at::Tensor between;  ///< [H, from, to]: mean |W| from groups of queries to groups of keys; NaN: no queries
};

/// Of a network over the images that it has seen, in the order of execution.
struct Measures {
  std::vector<LayerMeasures> layers;
  int64_t blocks = 0;  ///< of the network; `layers` may be fewer, see only
  at::Tensor output;   ///< [I, kOutputMeasures]

  int64_t images() const { return output.size(0); }
};

/// Those blocks that are of a kind.
Measures only(const Measures& measures, AttentionKind kind);

/// The mean over images and heads, NaN left out (NaN if there is nothing else).
double mean_of(const LayerMeasures& layer, HeadMeasure measure);
/// Over images: [H].
at::Tensor means_of_heads(const LayerMeasures& layer, HeadMeasure measure);
double mean_of(const LayerMeasures& layer, LayerMeasure measure);
double mean_of(const Measures& measures, OutputMeasure measure);
/// Each image's mean over heads: [I].
at::Tensor by_image(const LayerMeasures& layer, HeadMeasure measure);

/// Of several sets of equal numbers of images, as if each image's measures were the mean of its own.
Measures mean_of(const std::vector<const Measures*>& sets);

}  // namespace uvic
