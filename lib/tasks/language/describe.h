#pragma once
#include <c10/core/Device.h>

#include <string>

#include "tasks/language/config.h"

namespace uvic {

/// Parameters, FLOPs a token, attention and its kernels, estimated memory, disk: for --dry-run and start-up.
std::string describe_run(const LanguageConfig& config, c10::Device device);

}  // namespace uvic
