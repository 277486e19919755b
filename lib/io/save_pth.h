// Writing torch.save's .pth files.
#pragma once
#include "io/tensor_file.h"

namespace uvic {

/// Writes atomically what Python's `torch.load(..., weights_only=True)` reads as an OrderedDict. Metadata go
/// into entries `extra/KEY`, which PyTorch passes over. The bytes depend on the arguments alone. Tensors may
/// be on any device and of any strides.
void save_pth(const std::filesystem::path& path, const TensorMap& tensors,
              const std::map<std::string, std::string>& metadata = {});

}  // namespace uvic
