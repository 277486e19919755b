#pragma once
#include <cstdint>
#include <string>

#include "train/options.h"

namespace uvic {

/// Two lines, "memory: about ..." and "disk: ...", for a module of `parameters` parameters and `moments`
/// (count_moments) whose backward pass keeps `activation_bytes` of a micro-batch.
std::string describe_needs(const TrainOptions& train, int64_t parameters, int64_t moments,
                           double activation_bytes);

}  // namespace uvic
