// What one patch attends to, over the image, in every head.
#pragma once
#include <vector>

#include "inspect/input_set.h"

namespace uvic {

/// The weights of one query, by block: [H, N] each, float64.
struct QueryWeights {
  std::vector<AttentionKind> kinds;
  std::vector<at::Tensor> weights;
};

/// Of image `image` of `inputs` and query token `query`.
QueryWeights weights_of_query(const Network& network, const InputSet& inputs, int64_t image, int64_t query);

/// A row a block, a column a head: W of the query over the picture, blue below 0, red above, at each block's
/// own scale, the largest |W| of a patch; above each map the tokens before the patches, if they are at
/// most 8. In front the picture, with a frame around the query's patch. `picture`: uint8 [1 or 3, H, W], of
/// any size. Returns uint8 [3, H, W].
at::Tensor draw_attention_maps(const ModelOptions& model, const QueryWeights& weights, int64_t query,
                               const at::Tensor& picture, const std::string& title);

/// Incoming mass by patch: a row a noise level, a column a block, all at one scale, in multiples of 1 / N.
at::Tensor draw_incoming_maps(const ModelOptions& model, const std::vector<Observed>& inspections,
                              const std::string& title);

}  // namespace uvic
