#pragma once
#include "tasks/diffusion/config.h"
#include "train/doubts.h"

namespace uvic {

/// Those of the engine (train/doubts.h), and what cannot come of guidance.
std::vector<std::string> doubts_of(const DiffusionConfig& config, Beginning beginning);

}  // namespace uvic
