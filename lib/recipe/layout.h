// Where a run keeps what: RUN/checkpoints/step-00010000/{model,ema-0.9999,training}.safetensors,
// RUN/snapshots/, RUN/samples/; and the weights file that `--checkpoint` means.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

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

/// The width that such a file's name says, 0 if it is no power-function average.
double power_ema_width(const std::filesystem::path& file);

/// The folders of snapshots in a run directory, by step.
std::map<int64_t, std::filesystem::path> snapshots_of(const std::filesystem::path& run_directory);

/// The checkpoints of a run directory, newest first: the folders that hold weights.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& run_directory);
/// The first of these, empty if there is none.
std::filesystem::path latest_checkpoint(const std::filesystem::path& run_directory);

/// What a guide's weights are given by.
inline constexpr auto kGuideOption = "--guide-checkpoint";
/// And those that training begins with.
inline constexpr auto kInitOption = "--init-from";

/// The option that picks within what `option` gives: "--weights" for "--checkpoint".
std::string weights_option(const std::string& option);

/// What is wrong with a safetensors file by its header and its length ("x.safetensors: ..."), empty if
/// nothing is.
std::string damage_of(const std::filesystem::path& file);

/// `checkpoint`: a safetensors or .pth file, a run directory (its latest checkpoint; a warning if that file
/// of it is damaged and the one of the checkpoint before is taken), a checkpoint directory, or one of U-ViT's
/// own (nnet.pth, nnet_ema.pth). `weights` picks within a directory: "ema" (the largest decay, else the
/// widest power-function average; raw if the run keeps no EMA), "ema-0.999" (that decay), "power-0.1" (that
/// width), or "raw"; in a file, see WeightsFile. UsageError names what is missing; `option` is what the user
/// wrote it behind.
std::filesystem::path find_weights_file(const std::filesystem::path& checkpoint, const std::string& weights,
                                        const std::string& option = "--checkpoint");

}  // namespace uvic
