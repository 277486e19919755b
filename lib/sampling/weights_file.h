// Finding and reading a weights file behind `--checkpoint`.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "io/safetensors.h"

namespace uvic {

/// `checkpoint`: a safetensors file, a run directory (its latest checkpoint) or a checkpoint directory.
/// `weights` picks within a directory: "ema" (the largest decay, else the widest power-function average;
/// raw if the run keeps no EMA), "ema-0.999" (that decay), "power-0.1" (that width), or "raw". UsageError names what is missing.
std::filesystem::path find_weights_file(const std::filesystem::path& checkpoint, const std::string& weights);

/// The newest complete `checkpoints/step-*` of a run directory, empty if there is none.
std::filesystem::path latest_checkpoint(const std::filesystem::path& run_directory);

/// "step-00010000", and back (-1 if it is not such a name).
std::string checkpoint_name(int64_t step);
int64_t checkpoint_step(const std::string& name);

}  // namespace uvic
