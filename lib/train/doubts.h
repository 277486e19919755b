// Settings that are allowed and yet cannot mean what they say.
#pragma once
#include <string>
#include <vector>

#include "train/options.h"

namespace uvic {

enum class Beginning { kFresh, kFromWeights, kResumed };

/// Of the whole run, by the number of its steps: a line each. For a run that goes on only what may still
/// change is advised.
std::vector<std::string> doubts_of(const TrainOptions& train, const OptimizerOptions& optimizer,
                                   Beginning beginning);

}  // namespace uvic
