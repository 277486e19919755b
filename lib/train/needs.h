#pragma once
#include <cstdint>
#include <string>

#include "train/options.h"

namespace uvic {

/// Two lines, "memory: about ..." and "disk: ...", for a module of `parameters` parameters whose backward
/// pass keeps `activation_bytes` of a micro-batch.
std::string describe_needs(const TrainOptions& train, int64_t parameters, double activation_bytes);

}  // namespace uvic
