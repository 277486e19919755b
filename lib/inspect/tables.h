// An inspection for people: text, a line each with its end.
#pragma once
#include <string>
#include <vector>

#include "inspect/compare.h"
#include "inspect/input_set.h"
#include "inspect/suppress.h"

namespace uvic {

/// A row a block: the measures of its heads, and where its sinks are.
std::string blocks_table(const Measures& measures);
/// A row a block: activations and cosines, and the last projection.
std::string activations_table(const Measures& measures);
/// A row a block: the share of |W| that goes to each group of tokens, mean and deviation over heads.
std::string groups_table(const Measures& measures);
/// A row a block, a column a noise level.
std::string levels_table(const std::vector<Observed>& inspections, HeadMeasure measure);
/// A row a measure.
std::string comparison_table(const NetworkComparison& comparison);
std::string suppression_table(const Suppression& suppression, const ModelOptions& model);
/// A row a checkpoint: means over blocks and heads, and the loss.
std::string training_table(const std::vector<std::pair<int64_t, Observed>>& checkpoints);

}  // namespace uvic
