// Checkpoint directories: complete or absent, and enough for a resume that is exact to the bit.
#pragma once
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "train/train_state.h"

namespace uvic {

/// A checkpoint could not be written: the disk is full, or the folder gone.
struct NotSaved : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes `<run>/checkpoints/step-XXXXXXXX/` with model.safetensors, one file an EMA, and
/// training.safetensors; then removes all but the newest `train.keep` checkpoints and those of `keep_every`.
/// Rank 0 writes, while all wait. Returns the directory. std::runtime_error, and nothing is written, if a
/// tensor of it is not finite; NotSaved, with nothing lost.
std::filesystem::path save_checkpoint(const TrainState& state, const std::filesystem::path& run_directory);

/// The first tensor that such a checkpoint would hold with a NaN or an infinity in it: "pos_embed of
/// model.safetensors"; empty if there is none.
std::string first_not_finite(const TrainState& state);

/// What is wrong with a checkpoint, whose files are read whole: one is missing, cut off, not what was saved,
/// or not finite. Names file and tensor; empty if nothing is.
std::string damage_of_checkpoint(const std::filesystem::path& checkpoint);

/// Restores weights, EMAs, moments, counters. Warns if threads, CPU capability, precision or version differ
/// from those recorded, as the continuation is then not exact to the bit. UsageError if the directory is
/// damaged.
void load_checkpoint(TrainState& state, const std::filesystem::path& checkpoint);

/// The config a checkpoint was written with, as YAML.
std::string checkpoint_config(const std::filesystem::path& checkpoint);
/// What its data was, see Task::data_identity; empty in checkpoints of before it was recorded.
std::string checkpoint_data(const std::filesystem::path& checkpoint);

/// Writes the power-function averages, in float16, to `<run>/snapshots/step-XXXXXXXX/` (see
/// recipe/snapshots.h). std::runtime_error and NotSaved as save_checkpoint.
void save_snapshot(const TrainState& state, const std::filesystem::path& run_directory);

/// Bytes of one checkpoint of a model with `parameters` parameters, `emas` averages and count_moments.
double checkpoint_bytes(int64_t parameters, size_t emas, int64_t moments);

}  // namespace uvic
