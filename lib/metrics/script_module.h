// TorchScript files, also those that a newer PyTorch saved.
#pragma once
#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include <filesystem>
#include <string>

namespace uvic {

/// Loads a network. Operators that this LibTorch lacks are no obstacle as long as they are not reached:
/// PyTorch saves functions of its own whole, so that a network which calls `interpolate` names the operators
/// of all its modes. UsageError: not a TorchScript file, or it has no `forward`.
torch::jit::Module load_script(const std::filesystem::path& path, c10::Device device);

/// One line of what the interpreter threw: the script's own message, without the trace above it.
std::string script_error(const std::exception& error);

}  // namespace uvic
