#pragma once
#include <c10/core/Device.h>

#include <string>

#include "tasks/diffusion/config.h"

namespace uvic {

/// "4 cog + 1 softmax blocks ..." and the like: parameters, FLOPs an image, estimated memory, disk. For
/// --dry-run and start-up.
std::string describe_run(const DiffusionConfig& config, c10::Device device);

}  // namespace uvic
