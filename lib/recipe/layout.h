// Where a run keeps what: RUN/checkpoints/step-00010000/{model,ema-0.9999,training}.safetensors,
// RUN/snapshots/, RUN/samples/; and the weights file that `--checkpoint` means.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace uvic {

/// The folder of a step's checkpoint, and of its snapshot of power-function averages.
std::filesystem::path checkpoint_path(const std::filesystem::path& run_directory, int64_t step);
std::filesystem::path snapshot_path(const std::filesystem::path& run_directory, int64_t step);
/// The file of `what` in such a folder: "model" (the weights themselves), an average's name, or "training".
std::filesystem::path part_of(const std::filesystem::path& checkpoint, const std::string& what);

/// "step-00010000", and back (-1 if it is not such a name).
std::string checkpoint_name(int64_t step);
int64_t checkpoint_step(const std::string& name);

/// "ema-0.9999", "power-0.05": averages by their decay or width.
std::string ema_name(double decay);
std::string power_ema_name(double width);

/// The newest complete checkpoint of a run directory, empty if there is none.
std::filesystem::path latest_checkpoint(const std::filesystem::path& run_directory);

/// `checkpoint`: a safetensors or .pth file, a run directory (its latest checkpoint), a checkpoint directory,
/// or one of U-ViT's own (nnet.pth, nnet_ema.pth). `weights` picks within a directory: "ema" (the largest
/// decay, else the widest power-function average; raw if the run keeps no EMA), "ema-0.999" (that decay),
/// "power-0.1" (that width), or "raw". UsageError names what is missing; `option` is what the user wrote it
/// behind.
std::filesystem::path find_weights_file(const std::filesystem::path& checkpoint, const std::string& weights,
                                        const std::string& option = "--checkpoint");

}  // namespace uvic
