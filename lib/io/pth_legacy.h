// Reading what torch.save wrote before version 1.6, and writes today if asked to: five pickles (a magic
// number, a version, the machine, the object, the keys of the storages), then each storage as it lies in
// memory.
#pragma once
#include <filesystem>
#include <memory>
#include <string_view>

#include "io/tensor_file.h"

namespace uvic {

/// Whether a file begins with that magic number.
bool is_legacy_pth(std::string_view bytes);

/// UsageError, naming the file, as open_pth; also for storages of types that are not read.
std::unique_ptr<TensorReader> open_legacy_pth(const std::filesystem::path& path);

}  // namespace uvic
