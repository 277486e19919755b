#pragma once
#include <string>

#include "nn/parameters.h"
#include "train/options.h"

namespace uvic {

/// Two lines, "memory: about ..." and "disk: ...", for a module of parameters of these shapes whose backward
/// pass keeps `activation_bytes` of a micro-batch.
std::string describe_needs(const TrainOptions& train, const OptimizerOptions& optimizer,
                           const ParameterShapes& shapes, double activation_bytes);

}  // namespace uvic
