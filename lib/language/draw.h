// One token of a text from the logits of the network: the filters, and the draw.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "language/generate_options.h"

namespace uvic {

/// A token that may be drawn, its probability relative to the likeliest's.
struct Candidate {
  int64_t token = 0;
  double weight = 0;
};

/// What the filters of `options` leave of a distribution, in no particular order, computed in float64.
/// logits: one a token; -inf is a token that cannot be. `seen`: the tokens that the text has, its prompt's
/// too, for the repetition penalty. Among equal logits a smaller id counts as likelier. At temperature 0 the
/// likeliest alone is left. Throws std::runtime_error for logits that are no distribution: NaN, +inf, or all
/// -inf.
std::vector<Candidate> filter_tokens(std::span<const float> logits, const GenerateOptions& options,
                                     const std::unordered_set<int64_t>& seen);

/// The token at `uniform`, in [0, 1), of the distribution function over `candidates` by falling probability,
/// equals by id: so it depends on nothing but the probabilities and this number.
int64_t draw_token(std::vector<Candidate> candidates, double uniform);

}  // namespace uvic
