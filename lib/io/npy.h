// NumPy's .npy (format 1.0), as `np.load` reads it.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>

namespace uvic {

/// Writes a tensor of float16, float32, float64, int64, int32, uint32, uint16, uint8 or bool, C order,
/// atomically.
void save_npy(const std::filesystem::path& path, const at::Tensor& tensor);

/// Reads little-endian f2, f4, f8, i8, i4, u4, u2, u1 and b1, into C order. UsageError if malformed or
/// truncated.
at::Tensor load_npy(const std::filesystem::path& path);

}  // namespace uvic
