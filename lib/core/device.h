// `--device auto|cpu|cuda[:n]` and `--threads n`.
#pragma once
#include <c10/core/Device.h>

#include <string>

namespace uvic {

/// "auto" is the first CUDA device if this build and machine have one, else the CPU. UsageError for a device
/// that is misspelt or absent. GPUs then compute the same bits in every run, see core/reproducible.h.
c10::Device parse_device(const std::string& text);

/// Sets the intra-op threads of LibTorch; 0 keeps its default (the physical cores).
void set_threads(int threads);

/// Keeps what is freed in the process, where glibc would give large blocks back to the system and then take
/// them again, a page fault a page: decoding a 500 x 375 JPEG takes 0.8 ms with this and 1.5 ms without
/// (2026-11).
void keep_freed_memory();

/// "AVX512", "AVX2", "DEFAULT": what ATen dispatches to on this machine.
std::string cpu_capability();

/// Lines for `--version`: version, commit, LibTorch, CUDA, CPU capability.
std::string version_text(const std::string& program);

/// "0.1.0".
std::string version_number();
/// "2.11.0".
std::string libtorch_version();

}  // namespace uvic
